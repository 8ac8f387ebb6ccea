import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildRanking } from '../../../src/models/ranking/ranking.js';
import type { Candidate, Ranking } from '../../../src/models/ranker.js';
import { reweightRanking } from '../../../src/monitoring/diagnosis/reweighted-ranking.js';

/** Class weights in the ranker: what the monitor's own arithmetic says, and never a trace of them once they are gone. */

const judge = (logits: number[], weights: (number | undefined)[]): Ranking => {
  const candidates: Candidate[] = logits.map((_, index) => ({
    templateId: `t-${index}`,
    title: '',
    body: '',
    contactTypes: [],
    ...(weights[index] !== undefined && { weight: weights[index] }),
  }));
  return buildRanking({
    candidates,
    logits: Float64Array.from(logits),
    embedding: new Float32Array([1]),
    facts: { words: 1, unknownShare: null, fingerprint: '' },
    maxLogit: 0,
    rule: { confidenceThreshold: 0, outOfScopeThreshold: -1, conformalThreshold: 0.1 },
    contactType: () => null,
  });
};
const logits = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 2, maxLength: 10 });
const weight = fc.double({ min: 0.01, max: 50, noNaN: true });
const probabilities = ({ items }: Pick<Ranking, 'items'>): Record<string, number> =>
  Object.fromEntries(items.map(({ templateId, probability }) => [templateId, probability]));

test('they change the ranking as the estimate of the shares means it', () => {
  fc.assert(
    fc.property(logits, fc.array(weight, { minLength: 10, maxLength: 10 }), (given, weights) => {
      const plain = judge(given, []);
      const ratios = Object.fromEntries(given.map((_, index) => [`t-${index}`, weights[index] ?? 1]));
      const expected = probabilities({ items: reweightRanking(plain.items, { ratios }) });
      const actual = probabilities(judge(given, weights));
      for (const [templateId, probability] of Object.entries(expected)) {
        expect(actual[templateId]).toBeCloseTo(probability, 9);
      }
    }),
  );
});

test('the ranking without them is kept beside it, for the monitor', () => {
  fc.assert(
    fc.property(logits, weight, (given, first) => {
      fc.pre(first !== 1);
      expect(judge(given, [first]).unweighted).toEqual(judge(given, []).items);
      expect(
        judge(
          given,
          given.map(() => 1),
        ).unweighted,
      ).toBeUndefined();
    }),
  );
});

test('a template whose share seems to be nought can still be ranked', () => {
  const { items } = judge([30, 0], [0, 1]);
  expect(items[0]?.templateId).toBe('t-0');
});
