import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../../src/statistics/random.js';
import { idHash } from '../../../src/models/dataset/trained-on.js';
import { chanceCalibrationError } from '../../../src/retrain/comparison/calibration.js';
import { compare, type Comparison } from '../../../src/retrain/comparison/comparison.js';
import { selectHeldOut, findSplitPoint } from '../../../src/retrain/labels/label-split.js';
import type { LabelledTicket } from '../../../src/retrain/labels/labelled-tickets.query.js';
import { sampleCopies, labelWeight } from '../../../src/retrain/labels/label-weights.js';
import { bettingWealth, holm, meanDifference, normalCdf } from '../../../src/statistics/paired-test.js';
import {
  promotionVerdict,
  type ChallengerFacts,
  type RunTrigger,
  type Verdict,
} from '../../../src/retrain/comparison/promotion.js';
import { choiceCredit, posteriorTrust } from '../../../src/monitoring/labels/trust.js';
import { chosenByAgents, simulatedPairs } from '../../../bench/models/pairs.js';

const rules = (seed = 1) => ({
  minTrustedLabels: 100,
  trust: { value: 0.3, error: 0.02, measured: true },
  minSliceTickets: 30,
  random: seeded(seed),
});
const sound = { failure: null, slowdown: 1, hasReference: true };
const judged = (pairs: Parameters<typeof compare>[0], trigger: RunTrigger, facts: Partial<ChallengerFacts> = {}) =>
  promotionVerdict(trigger, { ...sound, comparison: compare(pairs, rules()), ...facts });
const refusedBy = ({ gates }: Verdict): string[] => gates.filter(({ passed }) => !passed).map(({ gate }) => gate);

describe('a challenger', () => {
  const better = simulatedPairs({ tickets: 1000, seed: 3, champion: 0.8, challenger: 0.86 });

  test('that is better is promoted, after a decision and after a scheduled run', () => {
    for (const trigger of ['decision', 'schedule', 'person'] as const) {
      expect(judged(better, trigger)).toMatchObject({ promoted: true, biased: false });
    }
  });

  test('that is two points worse is refused', () => {
    const worse = simulatedPairs({ tickets: 2000, seed: 4, champion: 0.86, challenger: 0.84 });
    expect(refusedBy(judged(worse, 'schedule'))).toContain('non-inferiority');
    expect(refusedBy(judged(worse, 'decision'))).toContain('superiority');
  });

  test('that is better on the whole and worse in one language is refused, and the language named', () => {
    const oneWorse = simulatedPairs({
      tickets: 2000,
      seed: 5,
      champion: 0.8,
      challenger: (language) => (language === 'fr' ? 0.68 : 0.88),
    });
    const verdict = judged(oneWorse, 'decision');
    expect(refusedBy(verdict)).toEqual(['slice-regressions']);
    expect(verdict.gates.find(({ gate }) => gate === 'slice-regressions')?.detail).toMatch(/language fr, −/);
  });

  test('that gives the champion’s own answers is refused', () => {
    const same = better.map((pair) => ({ ...pair, challenger: pair.champion }));
    expect(refusedBy(judged(same, 'schedule'))).toContain('differs-from-champion');
  });

  test('that is slow, has no drift reference or does not load is refused, and the reason said', () => {
    expect(refusedBy(judged(better, 'decision', { slowdown: 2.1 }))).toEqual(['latency']);
    expect(refusedBy(judged(better, 'decision', { hasReference: false }))).toEqual(['drift-reference']);
    const broken = judged(better, 'decision', { comparison: null, failure: 'its weights are not complete' });
    expect(broken).toMatchObject({
      promoted: false,
      gates: [{ detail: 'Does not load or respond: its weights are not complete' }],
    });
  });

  test('that never shows an answer is refused, however good the answers would be', () => {
    const silent = better.map((pair) => ({ ...pair, challenger: { ...pair.challenger, abstained: true } }));
    expect(refusedBy(judged(silent, 'decision'))).toEqual(['utility']);
  });

  test('that is sure of everything is refused', () => {
    const sure = better.map((pair) => ({ ...pair, challenger: { ...pair.challenger, probability: 1 } }));
    expect(refusedBy(judged(sure, 'decision'))).toEqual(['calibration']);
  });

  test('that is out of calibration as the champion is, since the world has changed, is no step back; one that is more so is', () => {
    const refused = (more: number): number =>
      Array.from({ length: 40 }, (_, seed) => {
        const pairs = simulatedPairs({ tickets: 150, seed, champion: 0.7, challenger: 0.7 }).map((pair) => ({
          ...pair,
          champion: { ...pair.champion, probability: 0.9 },
          challenger: { ...pair.challenger, probability: 0.9 + more },
        }));
        return refusedBy(judged(pairs, 'schedule')).includes('calibration') ? 1 : 0;
      }).reduce<number>((sum, one) => sum + one, 0);
    expect(refused(0)).toBeLessThanOrEqual(6);
    expect(refused(0.09)).toBeGreaterThanOrEqual(34);
  });

  test('is not judged on a handful of tickets', () => {
    expect(refusedBy(judged(better.slice(0, 30), 'schedule'))).toContain('sample-size');
  });
});

describe('the ground that a verdict rests on', () => {
  const pairs = simulatedPairs({ tickets: 6000, seed: 6, champion: 0.8, challenger: 0.85, independence: 0.5 });
  const chosen = chosenByAgents(pairs, 0.3, 7);
  const points = ({ difference }: Comparison): number => difference.points;

  test('is the trusted labels where there are enough of them', () => {
    const mixed = [...pairs.slice(0, 200), ...chosen];
    expect(compare(mixed, rules())).toMatchObject({ basis: 'trusted', biased: false, tickets: 200 });
  });

  test('is else the choices, corrected for agents who take what stands first', () => {
    const truth = points(compare(pairs, rules()));
    const corrected = compare(chosen, rules());
    expect(corrected).toMatchObject({ basis: 'weighted-choices', biased: false });
    expect(corrected.difference.low).toBeLessThan(truth);
    expect(corrected.difference.high).toBeGreaterThan(truth);
    expect(corrected.champion.top1).toBeCloseTo(80, -0.5);
  });

  test('counts a choice before which the model was silent as one, though nothing could have been shown', () => {
    const silent = chosen.map((pair, at) =>
      at % 5 === 0
        ? { ...pair, shownFirst: null, shownProbability: 0, champion: { ...pair.champion, abstained: true } }
        : pair,
    );
    const comparison = compare(silent, rules());
    expect(comparison.basis).toBe('weighted-choices');
    for (const value of [comparison.champion.top1, comparison.difference.points, comparison.evidence]) {
      expect(value).toSatisfy(Number.isFinite);
    }
  });

  test('is called biased where nothing corrects the choices: they favour what was shown', () => {
    const unmeasured = { ...rules(), trust: { value: 0.25, error: 0.14, measured: false } };
    const naive = compare(chosen, unmeasured);
    expect(naive).toMatchObject({ basis: 'choices', biased: true });
    expect(points(naive)).toBeLessThan(points(compare(pairs, rules())) - 3);
    const verdict = promotionVerdict('schedule', { ...sound, comparison: naive });
    expect(verdict.biased).toBe(true);
    expect(verdict.gates.find(({ gate }) => gate === 'sample-size')?.detail).toMatch(/biased/);
  });

  test('reads no accuracy over 100 %, however few agents took the first where another answer was right', () => {
    const [first] = pairs;
    if (!first) throw new Error('there are pairs');
    const choice = { ...first, provenance: 'choice' as const, shownFirst: 'shown', shownProbability: 0.98 };
    const said = (template: string) => ({
      templates: [template],
      probability: 0.9,
      probabilities: { [template]: 0.9 },
      abstained: false,
    });
    const tickets = Array.from({ length: 200 }, (_, at) => {
      const label = at % 5 === 0 ? 'shown' : 'other';
      return { ...choice, label, champion: said('shown'), challenger: said('other') };
    });
    const { champion, challenger, difference } = compare(tickets, rules());
    expect([champion.top1, challenger.top1, challenger.high]).toEqual([0, 100, 100]);
    expect(difference.points).toBeGreaterThan(100);
  });

  test('says with its interval how well the champion does, as often as it promises', () => {
    let held = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const made = simulatedPairs({ tickets: 400, seed, champion: 0.9, challenger: 0.9 });
      const audited = simulatedPairs({ tickets: 60, seed: 1_000 + seed, champion: 0.9, challenger: 0.9 });
      const shown = chosenByAgents(made, 0.3, seed);
      const trust = posteriorTrust({
        shown: shown.length,
        accepted: shown.filter(({ label, shownFirst }) => label === shownFirst).length,
        audited: audited.length,
        right: audited.filter(({ label, champion }) => label === champion.templates[0]).length,
      });
      const { champion } = compare(shown, { ...rules(seed), trust });
      if (champion.low <= 90 && champion.high >= 90) held += 1;
    }
    expect(held).toBeGreaterThan(180);
  });

  test('credit for a choice is right in the mean, whatever stood first', () => {
    const credit = (template: string, trust: number, first: string, truth: string): number =>
      trust * choiceCredit(template, first, first, trust) + (1 - trust) * choiceCredit(template, truth, first, trust);
    const name = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(name, name, name, fc.double({ min: 0, max: 0.9, noNaN: true }), (template, first, truth, trust) => {
        expect(credit(template, trust, first, truth)).toBeCloseTo(template === truth ? 1 : 0, 9);
      }),
    );
  });

  test('trust is found from what was accepted and what audit tickets say', () => {
    const accepted = Math.round(10_000 * (0.8 + 0.3 * 0.2));
    const trust = posteriorTrust({ shown: 10_000, accepted, audited: 2000, right: 1600 });
    expect(trust.measured).toBe(true);
    expect(trust.value).toBeGreaterThan(0.2);
    expect(trust.value).toBeLessThan(0.4);
    expect(posteriorTrust({ shown: 10_000, accepted, audited: 5, right: 4 }).measured).toBe(false);
  });
});

describe('tests that may be looked at early', () => {
  test('call no more than one in twenty equal challengers better, looked at after every ticket', () => {
    let wrong = 0;
    for (let seed = 0; seed < 400; seed += 1) {
      const random = seeded(seed);
      const differences = Array.from({ length: 1500 }, () => (random() < 0.1 ? (random() < 0.5 ? 1 : -1) : 0));
      if (bettingWealth(differences, 1).highest >= 20) wrong += 1;
    }
    expect(wrong).toBeLessThanOrEqual(20);
  });

  test('see a better one soon', () => {
    const random = seeded(1);
    const differences = Array.from({ length: 400 }, () => (random() < 0.15 ? (random() < 0.8 ? 1 : -1) : 0));
    expect(bettingWealth(differences, 1).highest).toBeGreaterThan(20);
  });

  test('an interval holds the difference and is never narrower than what nothing at all says', () => {
    expect(meanDifference([]).low).toBeLessThan(-0.9);
    const { mean, low, high } = meanDifference(Array.from({ length: 1000 }, (_, at) => (at < 50 ? 1 : 0)));
    expect(mean).toBeCloseTo(0.05, 9);
    expect(low).toBeGreaterThan(0.03);
    expect(high).toBeLessThan(0.07);
  });

  test('the normal distribution and Holm’s correction are what the books say', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 6);
    expect(normalCdf(-1.645)).toBeCloseTo(0.05, 3);
    expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
  });

  test('a calibrated version exceeds what chance explains on about one in twenty sets', () => {
    let above = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const pairs = simulatedPairs({ tickets: 300, seed, champion: 0.8, challenger: 0.8 });
      const { challenger, chanceEce } = compare(pairs, rules(seed));
      if (challenger.ece > chanceEce) above += 1;
    }
    expect(above).toBeLessThanOrEqual(22);
    expect(chanceCalibrationError([], seeded(1))).toBe(0);
  });
});

describe('what is held out', () => {
  const tickets = Array.from({ length: 3_000 }, (_, at): LabelledTicket => ({
    ticket: at,
    key: `desk:${at}`,
    at,
    template: 'refund',
    provenance: 'choice',
    position: 1,
    labelledAt: at,
    suggestedFirst: 'refund',
    confidence: 0.9,
    shownFirst: 'refund',
    shownProbability: 1,
  }));
  const heldOutAfter = (seenUntil: number, hasLine: (at: number) => boolean = () => true): number => {
    const seen = new Set(tickets.slice(0, seenUntil).flatMap(({ key }, at) => (hasLine(at) ? [idHash(key)] : [])));
    const copies = new Map(tickets.flatMap(({ ticket }) => (hasLine(ticket) ? [[ticket, 1] as const] : [])));
    const from = findSplitPoint(tickets, seen, copies);
    return from ? selectHeldOut(tickets, seen, from).length : 0;
  };

  test('is a fifth of what there is to learn, however many older tickets never get a line in a training', () => {
    expect(heldOutAfter(0)).toBe(600);
    expect(heldOutAfter(2_000)).toBe(200);
    expect(heldOutAfter(2_000, (at) => at % 2 === 0)).toBe(100);
  });

  test('is never so much that nothing new is left to learn', () => {
    expect(heldOutAfter(2_970)).toBe(0);
    expect(heldOutAfter(2_940)).toBe(50);
  });
});

describe('what a label is worth in a training', () => {
  const with30 = { trust: 0.3, maxAgeDays: 730 };
  const label = { provenance: 'choice', position: 1, shown: true, confidence: 0.5, ageDays: 1 } as const;

  test('audit, correction and history in full, a choice of a lower rank more than one of the first', () => {
    for (const provenance of ['audit', 'correction', 'history'] as const) {
      expect(labelWeight({ ...label, provenance }, with30)).toBe(1);
    }
    expect(labelWeight({ ...label, position: null, shown: false }, with30)).toBe(1);
    expect(labelWeight({ ...label, position: 2 }, with30)).toBeGreaterThan(1);
    expect(labelWeight(label, with30)).toBeLessThan(1);
  });

  test('a choice of the first counts the less the less sure the model was of it, and nothing once it is old', () => {
    expect(labelWeight({ ...label, confidence: 0.99 }, with30)).toBeGreaterThan(0.99);
    expect(labelWeight({ ...label, confidence: 0.2 }, with30)).toBeLessThan(0.5);
    expect(labelWeight({ ...label, ageDays: 731 }, with30)).toBe(0);
  });

  test('weighted labels of alike tickets stand in the proportion of the truth', () => {
    const sure = 0.6;
    const [first, other] = [sure + 0.3 * (1 - sure), 0.7 * (1 - sure)];
    const weigh = (position: number): number => labelWeight({ ...label, confidence: sure, position }, with30);
    expect(first * weigh(1)).toBeCloseTo(sure, 9);
    expect(other * weigh(2)).toBeCloseTo(1 - sure, 9);
  });

  test('in the mean as many lines stand for a label as it weighs', () => {
    const random = seeded(2);
    const weight = 1.43;
    const copies = Array.from({ length: 4000 }, () => sampleCopies(weight, random()));
    expect(copies.reduce((sum, one) => sum + one, 0) / 4000).toBeCloseTo(weight, 1);
    expect(new Set(copies)).toEqual(new Set([1, 2]));
  });
});
