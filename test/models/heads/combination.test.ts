import { describe, expect, test } from 'vitest';
import { fitZeroShot, fitWeights } from '../../../src/models/heads/combination.js';
import { evaluated } from '../../support/evaluated-rows.js';
import { expectAllClose, expectClose } from '../../support/golden.js';

const { classes } = evaluated;
const labels = Int32Array.from(evaluated.labels);
const flat = (scores: readonly number[][]): Float32Array => Float32Array.from(scores.flat());
const [logits, other, against] = [flat(evaluated.logits), flat(evaluated.other), flat(evaluated.against)];

describe('the combination of heads', () => {
  test('of one head is its temperature, as SciPy finds it', async () => {
    expectAllClose(await fitWeights({ labels, classes, scores: [logits] }), evaluated.weights.one, 2e-3);
  });

  test('of two heads has the weights of the least loss', async () => {
    expectAllClose(await fitWeights({ labels, classes, scores: [logits, other] }), evaluated.weights.two, 2e-3);
  });

  test('leaves out a head that would count against what it says', async () => {
    const weights = await fitWeights({ labels, classes, scores: [logits, other, against] });
    expect(weights[2]).toBe(0);
    expectAllClose(weights, evaluated.weights.three, 2e-3);
  });

  test('weighs all alike where no row has a template', async () => {
    const none = new Int32Array(labels.length).fill(-1);
    expect(await fitWeights({ labels: none, classes, scores: [logits, other] })).toEqual([1, 1]);
  });

  test('finds scores of templates without labels as SciPy does', async () => {
    const { scale, offset } = await fitZeroShot({ labels, classes, scores: [logits] }, [1], flat(evaluated.cosines));
    // The minimum is flat in one direction, and the search stops at a gain of 1e-6.
    expectClose(scale, evaluated.unseen.scale, 0.05);
    expectClose(offset, evaluated.unseen.offset, 0.05);
  });

  test('uses the prior for such templates where there is nothing to fit it on', async () => {
    const none = { labels: Int32Array.of(-1), classes: 2, scores: [Float32Array.of(0, 0)] };
    expect(await fitZeroShot(none, [1], Float32Array.of(0, 0))).toEqual({ scale: 15, offset: -9 });
  });
});
