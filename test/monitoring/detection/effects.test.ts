import { describe, expect, test } from 'vitest';
import {
  binName,
  explainMove,
  momentsOfBins,
  nameMove,
  numberMove,
  shareDifference,
  volumeFinding,
} from '../../../src/monitoring/detection/effects.js';
import { signalLabel } from '../../../src/monitoring/observations/signals.js';
import { expectAllClose, golden } from '../../support/golden.js';
import { measure, yesNo } from '../../support/measure.js';

type Six = [number, number, number, number, number, number];
const reference = golden('intervals') as { newcombe: Six[]; published: { newcombe: Six[] } };

describe('the difference of two shares', () => {
  test.each(reference.newcombe)('%d of %d against %d of %d equals statsmodels', (own, m, before, n, low, high) => {
    const found = shareDifference(own, m, before, n);
    expectAllClose([found.value, found.low, found.high], [own / m - before / n, low, high], 2e-5);
  });

  test.each(reference.published.newcombe)(
    '%d of %d against %d of %d equals the table of Newcombe (1998)',
    (own, m, before, n, low, high) => {
      const found = shareDifference(own, m, before, n);
      expectAllClose([found.low, found.high], [low, high], 6e-5);
    },
  );
});

describe('the effect on a number', () => {
  const [before, now] = [
    { count: 100, mean: 10, variance: 4 },
    { count: 25, mean: 11, variance: 9 },
  ];

  test('is the difference of means with Welch’s standard error, and its size in standard deviations', () => {
    const { effect, size, from, to, name } = numberMove(measure(), before, now);
    const half = 1.959963984540054 * Math.sqrt(9 / 25 + 4 / 100);
    expectAllClose([effect.value, effect.low, effect.high], [1, 1 - half, 1 + half], 1e-5);
    expect([size, from, to, name]).toEqual([0.5, 10, 11, null]);
    expect(effect.unit).toBe(signalLabel('words').unit);
    expect(numberMove(measure({ part: 'novelty' }), before, now).effect.unit).toBe('distance');
  });

  test('is as large downwards', () => {
    const { effect, size } = numberMove(measure(), now, before);
    expect(effect.value).toBe(-1);
    expect(size).toBeCloseTo(1 / 3, 12);
  });

  test('on what never varied is without measure, or nothing', () => {
    const still = { count: 100, mean: 10, variance: 0 };
    expect(numberMove(measure(), still, now).size).toBe(Infinity);
    expect(numberMove(measure(), still, still).size).toBe(0);
    const none = { count: 0, mean: 0, variance: 0 };
    expect(numberMove(measure(), none, none).effect).toMatchObject({ value: 0, low: 0, high: 0 });
  });

  test('is taken from the middles of bins, the outer ones by their one edge', () => {
    const bins = measure({ edges: [10, 20] });
    const { count, mean, variance } = momentsOfBins(bins, Float64Array.of(1, 2, 3));
    // 10, 15, 15, 20, 20, 20
    expect(count).toBe(6);
    expect(mean).toBeCloseTo(100 / 6, 12);
    expect(variance).toBeCloseTo((1_750 - 6 * (100 / 6) ** 2) / 5, 9);
    expect(momentsOfBins(bins, Float64Array.of(0, 1, 0))).toEqual({ count: 1, mean: 15, variance: 0 });
    expect(momentsOfBins(bins, new Float64Array(3))).toEqual({ count: 0, mean: 0, variance: 0 });
    expect(momentsOfBins(measure(), Float64Array.of(4))).toEqual({ count: 4, mean: 0, variance: 0 });
  });
});

describe('the effect on a name', () => {
  const channels = measure({ signal: 'channel', kind: 'names', names: ['email', 'chat'] });
  const counts = { reference: Float64Array.of(80, 20, 0, 0, 0), window: Float64Array.of(20, 30, 0, 0, 0) };

  test('is the difference of its shares, its size in standard deviations of the reference', () => {
    const { effect, size, from, to, name } = nameMove(channels, counts, 1);
    const { value, low, high } = shareDifference(30, 50, 20, 100);
    expect(effect).toEqual({ value, low, high, unit: 'share of tickets' });
    const usual = 20.5 / 101;
    expect(size).toBeCloseTo(0.4 / Math.sqrt(usual * (1 - usual)), 12);
    expect([from, to, name]).toEqual([0.2, 0.6, 'chat']);
  });

  test('is called by its name, as rare, as never seen, or as none', () => {
    const called = [0, 1, 2, 3, 4, 5].map((bin) => binName(channels, bin));
    expect(called.slice(0, 2)).toEqual(['email', 'chat']);
    expect(new Set(called).size).toBe(6);
    expect(called[5]).toBe('');
  });
});

describe('the sentence of an effect', () => {
  const all = { by: 'all', value: '' } as const;
  const moved = (name: string | null, from: number, to: number) => ({
    effect: { value: 0, low: 0, high: 0, unit: '' },
    size: 1,
    from,
    to,
    name,
  });

  test('has the means of a number in three digits', () => {
    expect(explainMove(measure(), all, moved(null, 10.1234, 23.456))).toMatch(/23\.5\D+10\.1\D*$/);
  });

  test('has the shares of a name in percent, and of no what is left of yes', () => {
    const channels = measure({ signal: 'channel', kind: 'names', names: ['email'] });
    expect(explainMove(channels, all, moved('email', 0.5, 0.253))).toMatch(/"email" 25\.3 ?%.*50\.0 ?%/);
    expect(explainMove(yesNo, all, moved('yes', 0.1, 0.253))).toMatch(/25\.3 ?%.*10\.0 ?%/);
    expect(explainMove(yesNo, all, moved('no', 0.9, 0.747))).toMatch(/25\.3 ?%.*10\.0 ?%/);
  });

  test('begins with where it is', () => {
    const title = signalLabel('words').title;
    expect(explainMove(measure(), all, moved(null, 1, 2)).startsWith(title)).toBe(true);
    expect(explainMove(measure(), { by: 'channel', value: 'chat' }, moved(null, 1, 2))).toContain(
      `channel chat: ${title}`,
    );
    expect(explainMove(measure(), { by: 'contactType', value: 'card' }, moved(null, 1, 2))).toContain(
      'contact type card: ',
    );
  });
});

test('the finding of a day has its tickets as multiples of the usual', () => {
  const finding = volumeFinding({ date: new Date('2026-03-02T00:00:00Z'), tickets: 99, usual: 33, evidence: 1_234 });
  const half = 1.959963984540054 * 10;
  expect(finding).toMatchObject({
    alarm: true,
    pValue: null,
    statistic: 1_234,
    evidence: 1_234,
    slice: { by: 'all', value: '' },
  });
  expectAllClose(
    [finding.effect.value, finding.effect.low, finding.effect.high],
    [3, (99 - half) / 33, (99 + half) / 33],
    1e-5,
  );
  expect(finding.explanation).toMatch(/2026-03-02.*99.*33/);
  const silent = volumeFinding({ date: new Date(0), tickets: 0, usual: 0.4, evidence: 5 });
  expect(silent.effect).toMatchObject({ value: 0, low: 0 });
  expect(silent.effect.high).toBeCloseTo(1.95996, 4);
});
