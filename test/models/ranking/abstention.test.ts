import { describe, expect, test } from 'vitest';
import { fitAbstention, type HeldOutRow } from '../../../src/models/ranking/abstention.js';
import { evaluated } from '../../support/evaluated-rows.js';
import { expectClose } from '../../support/golden.js';

describe('thresholds from rows that were held out', () => {
  test('the one for what is out of scope is Youden’s by the ROC curve of scikit-learn', () => {
    const { scores, known, threshold } = evaluated.scope;
    const rows = scores.map((maxLogit, at): HeldOutRow => ({
      confidence: 0.9,
      maxLogit,
      rightProbability: known[at] === 1 ? 0.9 : null,
      right: known[at] === 1,
    }));
    expect(fitAbstention(rows, 0.5, 0.9).outOfScopeThreshold).toBe(threshold);
  });

  test.each(Object.entries(evaluated.conformal.threshold))(
    'the one for a set that holds the right template in %s of tickets is the conformal quantile',
    (coverage, threshold) => {
      const rows = evaluated.conformal.probabilities.map((probability): HeldOutRow => ({
        confidence: probability,
        maxLogit: 1,
        rightProbability: probability,
        right: true,
      }));
      expectClose(fitAbstention(rows, 0.5, Number(coverage)).conformalThreshold, threshold, 1e-9);
    },
  );
});
