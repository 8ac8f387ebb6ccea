import { describe, expect, test } from 'vitest';
import { MetricsCounter } from '../../../src/models/evaluation/metrics.js';
import { softmax } from '../../../src/models/ranking/softmax.js';
import { wilsonInterval } from '../../../src/statistics/intervals.js';
import { evaluated } from '../../support/evaluated-rows.js';
import { expectClose } from '../../support/golden.js';

const counter = new MetricsCounter();
evaluated.logits.forEach((logits, row) => {
  const probabilities = softmax(Float64Array.from(logits));
  const items = [...probabilities]
    .map((probability, label) => ({ templateId: `t${label}`, probability }))
    .sort((a, b) => b.probability - a.probability);
  counter.add(
    { label: `t${evaluated.labels[row]}`, contactType: null },
    {
      items,
      setSize: 2,
      contactType: null,
      abstained: false,
      reason: null,
      embedding: null,
      entropy: null,
      words: 3,
      unknownShare: 0,
      fingerprint: '',
    },
  );
});
const metrics = counter.metrics();

describe('the figures of an evaluation equal scikit-learn', () => {
  test.each([
    ['top1', 0.005],
    ['hits3', 0.005],
    ['hits5', 0.005],
    ['mrr', 0.00005],
    ['macroF1', 0.005],
    ['ece', 0.00005],
  ] as const)('%s, as it is rounded', (name, half) => {
    const expected = evaluated.metrics[name];
    expectClose(metrics[name] ?? NaN, expected, (half + 1e-9) / expected);
  });

  test('with the interval of the share', () => {
    const right = Math.round((evaluated.metrics.top1 / 100) * evaluated.labels.length);
    const [low, high] = wilsonInterval(right, evaluated.labels.length);
    expect(metrics.intervals?.top1).toEqual([Math.round(10_000 * low) / 100, Math.round(10_000 * high) / 100]);
  });
});
