/** The mix of questions as labels tell it: what is put into service by itself must be there, and not be the agents' trust. */
import { describe, expect, test } from 'vitest';
import { seeded } from '../../../src/statistics/random.js';
import { differsFromActiveWeights, estimateClassPrior } from '../../../src/monitoring/diagnosis/class-prior.js';
import { type RecentLabel } from '../../../src/monitoring/observations/observation.js';
import { nextReweighting } from '../../../src/monitoring/decisions/reweighting.js';

const names = ['card', 'cash', 'fees', 'limits', 'refund', 'pin', 'top-up', 'fx'];
const usual = names.map((_, at) => 1 / (at + 1));
const trust = { value: 0.3, error: 0.03, measured: true };

const drawn = (shares: readonly number[], random: () => number): string => {
  let left = random() * shares.reduce((a, b) => a + b, 0);
  return names.find((_, at) => (left -= shares[at] ?? 0) < 0) ?? 'card';
};
function templates(count: number, shares: readonly number[], seed: number): { templateId: string }[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => ({ templateId: drawn(shares, random) }));
}
/** Choices after a model that is right on seven tickets of ten, by agents who take the first on three of ten whatever it is. */
function choices(count: number, shares: readonly number[], seed: number): RecentLabel[] {
  const random = seeded(seed);
  return templates(count, shares, 1_000 + seed).map(({ templateId }) => {
    const shownFirst = random() < 0.7 ? templateId : drawn(usual, random);
    return { templateId: random() < trust.value ? shownFirst : templateId, shownFirst };
  });
}
const reference = templates(3_000, usual, 1);
const known = reference.map(({ templateId }) => templateId);
const shareOf = (name: string, of: readonly number[]): number =>
  (of[names.indexOf(name)] ?? 0) / of.reduce((a, b) => a + b, 0);
const turned = [...usual].reverse();

describe('the mix that labels tell', () => {
  test('is none where nothing has changed, in nineteen windows of twenty', () => {
    const told = Array.from({ length: 200 }, (_, seed) =>
      estimateClassPrior(reference, choices(300, usual, seed), trust),
    );
    expect(told.filter((mix) => mix !== null).length).toBeLessThanOrEqual(10);
  });

  test('is near the true one, although agents take what stands first', () => {
    const mix = estimateClassPrior(reference, choices(300, turned, 5), trust);
    expect(mix?.evidence).toBeGreaterThan(20);
    for (const name of names) {
      const share = (mix?.weights[name] ?? 0) * (mix?.before[name] ?? 0);
      expect(Math.abs(share - shareOf(name, turned))).toBeLessThan(0.1);
    }
    expect(mix?.weights['fx']).toBeLessThanOrEqual(8);
  });

  test('is not told by a handful of labels, nor by those of templates that the model has never learned', () => {
    expect(estimateClassPrior(reference, choices(40, turned, 6), trust)).toBeNull();
    const unknown = Array.from({ length: 300 }, () => ({ templateId: 'new', shownFirst: null }));
    expect(estimateClassPrior(reference, unknown, trust)).toBeNull();
    expect(known).not.toContain('new');
  });

  test('replaces weights in service only where it asks for others', () => {
    const mix = estimateClassPrior(reference, choices(300, turned, 7), trust);
    if (!mix) throw new Error('the mix has changed');
    expect(differsFromActiveWeights(mix, null)).toBe(true);
    expect(differsFromActiveWeights(mix, mix.weights)).toBe(false);
    expect(differsFromActiveWeights(mix, {})).toBe(true);
  });

  test('decides over the weights in service, whatever else is decided', () => {
    const nothing = { alarm: false, labelShift: null, reweighted: true };
    expect(nextReweighting('none', nothing, { isOther: true })).toBe('start');
    expect(nextReweighting('retrain', nothing, { isOther: false })).toBe('keep');
    expect(nextReweighting('none', nothing, null)).toBe('end');
  });
});
