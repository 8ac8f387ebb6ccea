import { describe, expect, test } from 'vitest';
import { weightedAccuracy, type ChosenPrediction } from '../../../src/retrain/comparison/weighted-accuracy.js';
import { expectAllClose, golden } from '../../support/golden.js';

const { plain } = golden('weighted-accuracy') as {
  plain: [right: number, of: number, share: number, low: number, high: number][];
};
const noTrust = { value: 0, error: 0, measured: true };
const answer = (said: string, chosen: string, shownFirst: string | null = null): ChosenPrediction => ({
  predicted: said,
  chosen,
  shownFirst,
  weight: 1,
});

describe('the share of right answers', () => {
  test.each(plain)(
    '%d of %d where nothing was shown has the interval of Agresti and Coull',
    (right, of, share, low, high) => {
      const answers = Array.from({ length: of }, (_, at) => answer('a', at < right ? 'a' : 'b'));
      const found = weightedAccuracy(answers, noTrust);
      expectAllClose([found.value, found.low, found.high], [share, low, high], 1e-6);
    },
  );

  test('leaves out what trust alone explains', () => {
    // 60 of 100 took what stood first; of those who would take anything, 20 of 100, all did.
    const answers = Array.from({ length: 100 }, (_, at) => answer('a', at < 60 ? 'a' : 'b', 'a'));
    const found = weightedAccuracy(answers, { ...noTrust, value: 0.2 });
    // Meant: 60 · (1 − 0.2 / 0.6) = 40 of 80.
    expectAllClose([found.value], [0.5], 1e-12);
  });

  test('is unknown without answers', () => {
    expect(weightedAccuracy([], noTrust)).toEqual({ value: 0, low: 0, high: 1 });
  });
});
