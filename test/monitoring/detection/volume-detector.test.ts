import { describe, expect, test } from 'vitest';
import { VolumeDetector, type DayVolume } from '../../../src/monitoring/detection/volume-detector.js';
import { expectClose, golden } from '../../support/golden.js';

const { volume } = golden('detectors') as {
  volume: { tickets: number[]; judged: { day: number; usual: number; pValue: number; evidence: number }[] };
};
const dayMs = 86_400_000;

/** @returns what is said of days with so many tickets; one more ticket ends the last day */
function days(counts: readonly number[], watch = new VolumeDetector(), from = 0): DayVolume[] {
  const ended = counts.flatMap((count, day) =>
    Array.from({ length: count }, (_, ticket) => watch.add((from + day) * dayMs + ticket)).flat(),
  );
  return [...ended, ...watch.add((from + counts.length) * dayMs)];
}

describe('the volume', () => {
  test('is judged as the prediction by Student’s distribution in SciPy says', () => {
    const judged = days(volume.tickets);
    expect(judged.map(({ day }) => day)).toEqual(volume.judged.map(({ day }) => day));
    judged.forEach(({ tickets, usual, pValue, evidence, day }, at) => {
      const expected = volume.judged[at];
      expect(tickets).toBe(volume.tickets[day]);
      expectClose(usual, expected?.usual ?? NaN, 1e-9);
      expectClose(pValue, expected?.pValue ?? NaN, 1e-8);
      expectClose(evidence, expected?.evidence ?? NaN, 1e-7);
    });
  });

  test('is judged from the fourth of a weekday on', () => {
    expect(days(Array<number>(21).fill(5))).toEqual([]);
    expect(days(Array<number>(22).fill(5)).map(({ day }) => day)).toEqual([21]);
  });

  test('of equal days is usual, and never certain to have moved', () => {
    const [same] = days(Array<number>(22).fill(5));
    expectClose(same?.usual ?? NaN, 5, 1e-9);
    expect(same?.pValue).toBe(1);
    expectClose(same?.evidence ?? NaN, 0.6, 1e-9);
    expect(days([...Array<number>(55).fill(5_000), 1]).at(-1)?.pValue).toBe(1e-12);
  });

  test('counts days without a ticket, at most the last eight weeks of them', () => {
    const watch = new VolumeDetector();
    days(Array<number>(30).fill(20), watch);
    const silent = watch.add(40 * dayMs);
    expect(silent.map(({ day, tickets }) => [day, tickets])).toEqual([
      [30, 1],
      ...Array.from({ length: 9 }, (_, at) => [31 + at, 0]),
    ]);
    expect(watch.add(1_000 * dayMs).map(({ day }) => day)).toEqual(Array.from({ length: 56 }, (_, at) => 944 + at));
  });

  test('begins anew after an alarm, but remembers what is usual', () => {
    const watch = new VolumeDetector();
    const before = days(volume.tickets, watch).at(-1);
    expect(before?.evidence).toBeGreaterThan(10);
    watch.restart();
    const { day, past } = watch.toJSON();
    expect(watch.toJSON().evidence).toBe(0);
    expect(past).toEqual(volume.tickets.slice(-56));
    expect(day).toBe(volume.tickets.length);
  });

  test('goes on where it was after a restart', () => {
    const [own, resumed] = [new VolumeDetector(), new VolumeDetector()];
    days(volume.tickets, own);
    const state = own.toJSON();
    resumed.resume(state);
    state.past.length = 0;
    expect(resumed.toJSON()).toEqual(own.toJSON());
    expect(days([12, 3], resumed, volume.tickets.length)).toEqual(days([12, 3], own, volume.tickets.length));
  });
});
