import { describe, expect, test } from 'vitest';
import type { Direction } from '../../../src/monitoring/detection/betting-detectors.js';
import { SignalDetector, type DetectorOptions } from '../../../src/monitoring/detection/signal-detector.js';
import { seeded } from '../../../src/statistics/random.js';
import { expectAllClose, golden } from '../../support/golden.js';
import { measure, yesNo } from '../../support/measure.js';

const reference = golden('detectors') as {
  numbers: {
    part: 'novelty' | null;
    side: Direction;
    counts: number[];
    bins: number[];
    random: number[];
    evidence: number[];
  }[];
  names: { counts: number[]; bins: number[]; evidence: number[] };
};

const numbers = measure({ edges: [10, 20, 30] });
const names = measure({ signal: 'channel', kind: 'names', names: ['email', 'chat'] });
const detector = (given: Partial<DetectorOptions> = {}): SignalDetector =>
  new SignalDetector({
    measure: numbers,
    counts: Float64Array.of(30, 40, 20, 10),
    isSlice: false,
    minEffect: 0.01,
    ...given,
  });

describe('the evidence', () => {
  test.each(reference.numbers)(
    'of numbers equals the recursion of the paper: $part, $side',
    ({ part, side: direction, counts, bins, random, evidence }) => {
      const own = detector({ measure: { ...numbers, part }, direction, counts: Float64Array.from(counts) });
      const found = bins.map((bin, at) => {
        own.add(bin, 0, random[at] ?? 0);
        return own.evidence;
      });
      found.forEach((value, at) => expectAllClose([value / (evidence[at] ?? NaN)], [1], 1e-4));
    },
  );

  test('of names equals the recursion of the paper', () => {
    const { counts, bins, evidence } = reference.names;
    const own = detector({ measure: yesNo, counts: Float64Array.from(counts) });
    const found = bins.map((bin) => {
      own.add(bin, 0, 0);
      return own.evidence;
    });
    found.forEach((value, at) => expectAllClose([value / (evidence[at] ?? NaN)], [1], 1e-10));
  });

  test('of a block of hours comes from what is usual in it', () => {
    const rhythm = measure({ edges: [10], hasRhythm: true });
    const options = { measure: rhythm, counts: Float64Array.of(100, 0, 0, 100) };
    const [usual, odd] = [detector(options), detector(options)];
    const random = seeded(2);
    for (let ticket = 0; ticket < 100; ticket += 1) {
      const block = ticket % 2;
      usual.add(block, block, random());
      odd.add(1 - block, block, random());
    }
    expect(odd.evidence).toBeGreaterThan(1e6);
    expect(usual.evidence).toBeLessThan(5_000);
  });

  test('of a name in a block of hours likewise', () => {
    const rhythm = { ...yesNo, hasRhythm: true };
    const options = { measure: rhythm, counts: Float64Array.of(100, 0, 0, 0, 0, 0, 100, 0, 0, 0) };
    const [usual, odd] = [detector(options), detector(options)];
    for (let ticket = 0; ticket < 60; ticket += 1) {
      const block = ticket % 2;
      usual.add(block, block, 0);
      odd.add(1 - block, block, 0);
    }
    expect(odd.evidence).toBeGreaterThan(1e6);
    expect(usual.evidence).toBeLessThan(5_000);
  });

  test('grows by one bet a ticket from nothing, and begins anew after an alarm', () => {
    const own = detector();
    expect(own.evidence).toBe(0);
    own.add(3, 0, 0.99);
    const first = own.evidence;
    expect(first).toBeGreaterThan(0);
    own.restart();
    expect(own.evidence).toBe(0);
    own.add(3, 0, 0.99);
    expect(own.evidence).toBeCloseTo(first, 1);
  });

  test('of a move that is no news does not grow', () => {
    const run = (direction: Direction, bin: number): number => {
      const own = detector({ direction, measure: yesNo, counts: Float64Array.of(500, 500, 0, 0, 0) });
      for (let ticket = 0; ticket < 60; ticket += 1) own.add(bin, 0, 0);
      return own.evidence;
    };
    expect(run('higher', 1)).toBeGreaterThan(1e5);
    expect(run('lower', 1)).toBeLessThan(10);
    expect(run('lower', 0)).toBeGreaterThan(1e5);
    expect(run('higher', 0)).toBeLessThan(10);
    expect(run('both', 0)).toBeGreaterThan(1e4);
  });
});

describe('which names are watched', () => {
  const evidenceOf = (given: Partial<DetectorOptions>, bin: number, tickets = 40): number => {
    const own = detector({ measure: names, ...given });
    for (let ticket = 0; ticket < tickets; ticket += 1) own.add(bin, 0, 0);
    return own.evidence;
  };

  test('those of the measure, a rare one, one never seen, and none', () => {
    const counts = Float64Array.of(900, 100, 0, 0, 0);
    for (const bin of [1, 2, 3, 4]) expect(evidenceOf({ counts }, bin)).toBeGreaterThan(1e6);
    // Nine of ten are e-mail: forty more are hardly news.
    expect(evidenceOf({ counts }, 0)).toBeLessThan(1e4);
  });

  test('only the most frequent of many, fewer of them in a slice', () => {
    const many = measure({ kind: 'names', names: Array.from({ length: 60 }, (_, at) => `n${at}`) });
    const counts = Float64Array.from({ length: 63 }, (_, at) => (at < 60 ? 1_000 - at : 0));
    const bins = (isSlice: boolean): number[] => {
      const own = detector({ measure: many, counts, isSlice });
      return own.toJSON().evidence.length === 0 ? [] : [own.toJSON().evidence.length];
    };
    // Five ratios a name; names that the reference lacks cannot become rarer.
    expect(bins(false)).toEqual([40 * 5 + 3 * 3]);
    expect(bins(true)).toEqual([12 * 5 + 3 * 3]);
    const own = detector({
      measure: many,
      counts: counts.toReversed().with(0, 0).with(1, 0).with(2, 0),
      isSlice: true,
    });
    for (let ticket = 0; ticket < 30; ticket += 1) own.add(59, 0, 0);
    expect(own.effect().bin).toBe(59);
  });

  test('of yes and no only yes', () => {
    const own = detector({ measure: yesNo, counts: Float64Array.of(50, 50, 0, 0, 0) });
    expect(own.toJSON().evidence).toHaveLength(5);
    for (let ticket = 0; ticket < 20; ticket += 1) own.add(0, 0, 0);
    expect(own.effect().bin).toBe(1);
  });

  test('a name that the reference has less than five times cannot become rarer, unless there is no reference', () => {
    const bets = (...counts: number[]): number =>
      detector({ measure: yesNo, counts: Float64Array.from(counts) }).toJSON().evidence.length;
    expect(bets(100, 4, 0, 0, 0)).toBe(3);
    expect(bets(100, 5, 0, 0, 0)).toBe(5);
    expect(bets(0, 0, 0, 0, 0)).toBe(5);
  });
});

describe('the effect', () => {
  test('holds the last 500 to 1,000 tickets against the reference', () => {
    const own = detector();
    for (let ticket = 0; ticket < 700; ticket += 1) own.add(0, 0, 0.5);
    for (let ticket = 0; ticket < 400; ticket += 1) own.add(3, 0, 0.5);
    const { window, reference: usual, bin } = own.effect();
    // The first 500 are forgotten when the third half begins.
    expect([...window]).toEqual([200, 0, 0, 400]);
    expect([...usual]).toEqual([30, 40, 20, 10]);
    expect(bin).toBe(-1);
  });

  test('keeps all tickets of two halves', () => {
    const own = detector();
    for (let ticket = 0; ticket < 1_000; ticket += 1) own.add(ticket < 500 ? 1 : 2, 0, 0.5);
    expect([...own.effect().window]).toEqual([0, 500, 500, 0]);
    own.add(3, 0, 0.5);
    expect([...own.effect().window]).toEqual([0, 0, 500, 1]);
  });

  test('of what has no reference is held against its own past', () => {
    const own = detector({ counts: new Float64Array(4) });
    for (let ticket = 0; ticket < 500; ticket += 1) own.add(0, 0, 0.5);
    for (let ticket = 0; ticket < 501; ticket += 1) own.add(1, 0, 0.5);
    const { window, reference: usual } = own.effect();
    expect([...window]).toEqual([0, 501, 0, 0]);
    expect([...usual]).toEqual([500, 0, 0, 0]);
  });

  test('sums the reference over blocks of hours', () => {
    const own = detector({ measure: measure({ edges: [10], hasRhythm: true }), counts: Float64Array.of(1, 2, 30, 40) });
    own.add(1, 1, 0.5);
    expect([...own.effect().reference]).toEqual([31, 42]);
    expect([...own.effect().window]).toEqual([0, 1]);
  });

  test('names the one whose bets have won most', () => {
    const three = measure({ kind: 'names', names: ['email', 'form', 'chat'] });
    const own = detector({ measure: three, counts: Float64Array.of(400, 400, 100, 0, 0, 0) });
    for (let ticket = 0; ticket < 50; ticket += 1) own.add(2, 0, 0);
    expect(own.effect().bin).toBe(2);
    expect([...own.effect().reference]).toEqual([400, 400, 100, 0, 0, 0]);
  });
});

describe('the state', () => {
  const filled = (options: Partial<DetectorOptions>): SignalDetector => {
    const own = detector(options);
    const random = seeded(8);
    for (let ticket = 0; ticket < 620; ticket += 1) own.add(Math.floor(4 * random()), ticket % 2, random());
    return own;
  };
  const blocks = {
    measure: measure({ edges: [10, 20, 30], hasRhythm: true }),
    counts: Float64Array.of(9, 8, 7, 6, 1, 2, 3, 4),
  };

  test('goes on where it was, to the last digit', () => {
    const own = filled(blocks);
    const resumed = detector(blocks);
    resumed.resume(own.toJSON());
    expect(resumed.evidence).toBe(own.evidence);
    expect(resumed.toJSON()).toEqual(own.toJSON());
    for (const bin of [3, 0, 2]) {
      own.add(bin, 1, 0.3);
      resumed.add(bin, 1, 0.3);
      expect(resumed.evidence).toBe(own.evidence);
      expect(resumed.effect()).toEqual(own.effect());
    }
  });

  test('holds only what came to the reference', () => {
    const own = detector(blocks);
    own.add(2, 1, 0.5);
    expect(own.toJSON().since).toEqual([0, 0, 0, 0, 0, 0, 1, 0]);
    expect(own.toJSON().recent).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0, 1]);
  });

  test('of a program with other bets keeps what is usual, and bets anew', () => {
    const own = filled(blocks);
    const resumed = detector(blocks);
    resumed.resume({ ...own.toJSON(), evidence: [1, 2, 3] });
    expect(resumed.evidence).toBe(0);
    expect(resumed.toJSON().since).toEqual(own.toJSON().since);
    expect(resumed.effect()).toEqual(own.effect());
  });
});
