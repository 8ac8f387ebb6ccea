import { describe, expect, test } from 'vitest';
import { detectorWeights, signalWeight, sliceWeight } from '../../../src/monitoring/detection/detector-weights.js';
import type { Slice } from '../../../src/monitoring/observations/finding.js';
import { measure } from '../../support/measure.js';

const all: Slice = { by: 'all', value: '' };
const chat: Slice = { by: 'channel', value: 'chat' };
const email: Slice = { by: 'channel', value: 'email' };
const german: Slice = { by: 'language', value: 'de' };
const measures = [
  measure({ signal: 'channel', kind: 'names' }),
  measure({ signal: 'words' }),
  measure({ signal: 'field:country', kind: 'names' }),
  measure({ signal: 'field:orders' }),
  measure({ signal: 'embedding', part: 'novelty' }),
  measure({ signal: 'embedding', part: 'topic', kind: 'names' }),
];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe('the weights of the detectors', () => {
  test('are together 1, a kind of slices counted once', () => {
    const slices = [all, chat, email, german];
    const kinds = [all, chat, german].map((slice) => sum(detectorWeights(slices, measures, slice)));
    expect(sum(kinds)).toBeCloseTo(1, 12);
    expect(kinds[0]).toBeCloseTo(7 / 9, 12);
    expect(kinds[1]).toBeCloseTo(1 / 9, 12);
    expect(detectorWeights(slices, measures, chat)).toEqual(detectorWeights(slices, measures, email));
  });

  test('leave out what a slice says already', () => {
    const [channel = NaN, words = NaN] = detectorWeights([all, chat], measures, chat);
    expect(channel).toBe(0);
    expect(words).toBeGreaterThan(0);
    expect(detectorWeights([all, chat], measures, all)[0]).toBeGreaterThan(0);
  });

  test('are those of the table, fields sharing theirs and an embedding’s distance having three quarters', () => {
    const own = detectorWeights([all], measures, all);
    const total = 0.03 + 0.04 + 0.05 + 0.3;
    [0.03, 0.04, 0.025, 0.025, 0.225, 0.075].forEach((weight, at) => expect(own[at]).toBeCloseTo(weight / total, 12));
  });

  test.each([
    ['embedding', 0.3],
    ['template', 0.1],
    ['contactType', 0.1],
    ['confidence', 0.1],
    ['entropy', 0.05],
    ['abstention', 0.05],
    ['words', 0.04],
    ['unknownWords', 0.06],
    ['empty', 0.04],
    ['channel', 0.03],
    ['language', 0.03],
    ['acceptance', 0.02],
    ['hits3', 0.02],
    ['accuracy', 0.02],
    ['calibration', 0.01],
    ['field:country', 0.0125],
  ])('%s has %d', (signal, weight) => expect(signalWeight(signal, 4)).toBe(weight));

  test('of all tickets are seven times those of a kind of slice', () => {
    expect(sliceWeight('all') / sliceWeight('channel')).toBeCloseTo(7, 12);
  });
});
