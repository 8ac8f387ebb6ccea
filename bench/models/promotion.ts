/**
 * npm run bench -- promotion [--pairs 1000] [--seed 1]
 *
 * Whether the promotion gates accept the right challengers, on simulated answers of known accuracy.
 *
 * 1. challengers that are 2 points worse, worse in one language, broken, slow, or identical to the champion;
 *  2. better ones;
 *  3. `--pairs` equal ones after a drift decision, tested after every ticket. Baselines: promoting the higher score, and McNemar's
 *     test at 5 % after every 100 tickets.
 * Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { seeded } from '../../src/statistics/random.js';
import { compare } from '../../src/retrain/comparison/comparison.js';
import { type ComparedTicket } from '../../src/retrain/comparison/prediction.js';
import { normalCdf } from '../../src/statistics/paired-test.js';
import { promotionVerdict, type ChallengerFacts, type RunTrigger } from '../../src/retrain/comparison/promotion.js';
import { simulatedPairs } from './pairs.js';
import { wilsonInterval } from '../../src/statistics/intervals.js';

const { values: options } = parseArgs({
  options: { pairs: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(options.pairs);
const first = Number(options.seed);
const tickets = 1_000;
const perCase = 100;

const sound: Omit<ChallengerFacts, 'comparison'> = { failure: null, slowdown: 1, hasReference: true };

function promoted(pairs: ComparedTicket[], trigger: RunTrigger, facts: Partial<ChallengerFacts> = {}): boolean {
  const trust = { value: 0.3, error: 0.02, measured: true };
  const comparison = compare(pairs, { minTrustedLabels: 200, trust, minSliceTickets: 30, random: seeded(first) });
  return promotionVerdict(trigger, { ...sound, comparison, ...facts }).promoted;
}

/** Percent, with its 95 % interval. */
function share(hits: number, of: number): { percent: number; interval: number[] } {
  const percent = (value: number): number => Math.round(value * 10_000) / 100;
  return { percent: percent(hits / of), interval: wilsonInterval(hits, of).map(percent) };
}

const pairsOf = (seed: number, challenger: Parameters<typeof simulatedPairs>[0]['challenger']): ComparedTicket[] =>
  simulatedPairs({ tickets, seed, champion: 0.85, challenger });
const cases: Record<string, (seed: number, trigger: RunTrigger) => boolean> = {
  twoPointsWorse: (seed, trigger) => promoted(pairsOf(seed, 0.83), trigger),
  worseInOneLanguage: (seed, trigger) =>
    promoted(
      pairsOf(seed, (language) => (language === 'de' ? 0.77 : 0.9)),
      trigger,
    ),
  broken: (seed, trigger) => promoted(pairsOf(seed, 0.9), trigger, { comparison: null, failure: 'it does not load' }),
  tooSlow: (seed, trigger) => promoted(pairsOf(seed, 0.9), trigger, { slowdown: 2 }),
  sameAnswers: (seed, trigger) =>
    promoted(
      pairsOf(seed, 0.85).map((pair) => ({ ...pair, challenger: pair.champion })),
      trigger,
    ),
  fivePointsBetter: (seed, trigger) => promoted(pairsOf(seed, 0.9), trigger),
};
const byCase = Object.fromEntries(
  Object.entries(cases).map(([name, run]) => {
    const times = (trigger: RunTrigger) =>
      share(Array.from({ length: perCase }, (_, at) => run(first + at, trigger)).filter(Boolean).length, perCase);
    return [name, { afterDecision: times('decision'), afterSchedule: times('schedule') }];
  }),
);

let [ours, higher, looked] = [0, 0, 0];
for (let seed = first; seed < first + count; seed += 1) {
  const pairs = pairsOf(10_000 + seed, 0.85);
  if (promoted(pairs, 'decision')) ours += 1;
  const wins = pairs.map(({ label, champion, challenger }) => [
    challenger.templates[0] === label && champion.templates[0] !== label ? 1 : 0,
    champion.templates[0] === label && challenger.templates[0] !== label ? 1 : 0,
  ]);
  const until = (end: number, side: 0 | 1): number =>
    wins.slice(0, end).reduce((sum, pair) => sum + (pair[side] ?? 0), 0);
  if (until(tickets, 0) > until(tickets, 1)) higher += 1;
  const seen = Array.from({ length: tickets / 100 }, (_, look) => (look + 1) * 100).some((end) => {
    const [won, lost] = [until(end, 0), until(end, 1)];
    return won > lost && 2 * normalCdf(-(won - lost) / Math.sqrt(won + lost)) < 0.05;
  });
  if (seen) looked += 1;
}
const equal = {
  pairs: count,
  promotedAsBetter: share(ours, count),
  target: 'at most 5 %, upper bound at most 6.5 %',
  baselines: { higherScore: share(higher, count), mcNemarEvery100: share(looked, count) },
};
process.stdout.write(`${JSON.stringify({ bench: 'promotion', tickets, promoted: byCase, equal })}\n`);
