import { beforeEach, describe, expect, test, vi } from 'vitest';
import { newTopic } from '../../../bench/drift/synthetic-tickets.js';
import { ChangeDetector, type Alarm } from '../../../src/monitoring/detection/change-detector.js';
import type { Observation, Outcome } from '../../../src/monitoring/observations/observation.js';
import { monday, smallDesk, smallReference, smallStream } from '../../support/small-desk.js';

// A detector for each of some sixty signals and slices is made anew in every test.
vi.setConfig({ testTimeout: 20_000 });

const topic = newTopic(smallDesk, 5);
const settings = { minTicketsPerFalseAlarm: 1_000, minEffect: 0.01 };
let next: ReturnType<typeof smallStream>;
beforeEach(() => (next = smallStream(60)));

const odd = (index: number): Observation => ({ ...next(index, { topic }), channel: 'fax' });

/** @returns the alarms of drift, and after how many tickets the first came */
function watch(
  detector: ChangeDetector,
  draw: (index: number) => Observation,
  count: number,
): { alarms: Alarm[]; first: number } {
  const alarms: Alarm[] = [];
  let first = Infinity;
  for (let index = 0; index < count; index += 1) {
    const raised = detector.add(draw(index)).filter(({ kind }) => kind === 'drift');
    if (raised.length > 0) first = Math.min(first, index + 1);
    alarms.push(...raised);
  }
  return { alarms, first };
}

describe('drift', () => {
  test('is raised when all signals together reach the threshold, by the ticket that made them', () => {
    const detector = new ChangeDetector(smallReference, settings);
    let evidence = 0;
    for (let index = 0; ; index += 1) {
      const ticket = odd(index);
      const [alarm] = detector.add(ticket);
      if (!alarm) {
        evidence = detector.evidence;
        expect(evidence).toBeLessThan(1_000);
        continue;
      }
      expect(alarm).toMatchObject({ kind: 'drift', key: ticket.key, at: ticket.occurredAt });
      expect(alarm.evidence).toBeGreaterThanOrEqual(1_000);
      break;
    }
    expect(evidence).toBeGreaterThan(1);
  });

  test('has its causes with it, the strongest first, each with a share of the evidence', () => {
    const { alarms } = watch(new ChangeDetector(smallReference, settings), odd, 60);
    const [alarm] = alarms;
    const evidence = alarm?.findings.map((finding) => finding.evidence ?? NaN) ?? [];
    expect(evidence).toEqual(evidence.toSorted((a, b) => b - a));
    for (const own of evidence) expect(own).toBeGreaterThanOrEqual(0.02 * (alarm?.evidence ?? NaN));
    expect(evidence.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(alarm?.evidence ?? NaN);
    expect(alarm?.findings.length).toBeLessThanOrEqual(20);
    const found = alarm?.findings.map(({ signal, slice }) => `${signal} ${slice.by}`) ?? [];
    expect(found).toEqual(expect.arrayContaining(['channel all']));
    for (const finding of alarm?.findings ?? []) expect(finding).toMatchObject({ alarm: true, pValue: null });
  });

  test('takes all evidence with it, and comes again as long as it goes on', () => {
    const detector = new ChangeDetector(smallReference, settings);
    const { alarms, first } = watch(detector, odd, 200);
    expect(alarms.length).toBeGreaterThan(2);
    expect(first).toBeLessThan(60);
    const again = new ChangeDetector(smallReference, settings);
    next = smallStream(60);
    for (let index = 0; index < first; index += 1) again.add(odd(index));
    expect(again.evidence).toBe(0);
  });

  test('needs more tickets the seldomer it may be false', () => {
    const firstWith = (minTicketsPerFalseAlarm: number): number => {
      next = smallStream(60);
      return watch(new ChangeDetector(smallReference, { minTicketsPerFalseAlarm }), odd, 200).first;
    };
    expect(firstWith(1e8)).toBeGreaterThan(firstWith(100));
  });

  test('is not raised by copies of one message', () => {
    const detector = new ChangeDetector(smallReference, settings);
    const outage = odd(0);
    detector.add(outage);
    const { evidence } = detector;
    for (let copy = 0; copy < 100; copy += 1) expect(detector.add({ ...outage, key: `desk:${copy}` })).toEqual([]);
    expect(detector.evidence).toBe(evidence);
  });

  test('in one channel is found there', () => {
    const detector = new ChangeDetector(smallReference, settings);
    const { alarms } = watch(
      detector,
      (index) => {
        const ticket = next(index);
        return ticket.channel === 'email' ? { ...ticket, words: 5 * ticket.words } : ticket;
      },
      200,
    );
    const slices = alarms[0]?.findings.filter(({ signal }) => signal === 'words').map(({ slice }) => slice.value);
    expect(slices).toContain('email');
    expect(slices).not.toContain('chat');
  });

  test('is told at any time, by signal and slice', () => {
    const detector = new ChangeDetector(smallReference, { minTicketsPerFalseAlarm: 1e300 });
    for (let index = 0; index < 60; index += 1) detector.add(odd(index));
    const findings = detector.findings();
    const subjects = findings.map(({ signal, slice }) => `${signal} ${slice.by} ${slice.value}`);
    expect(new Set(subjects).size).toBe(subjects.length);
    expect(findings.every(({ alarm }) => !alarm)).toBe(true);
    const sum = findings.reduce((all, { evidence }) => all + (evidence ?? NaN), 0);
    expect(Math.abs(sum / detector.evidence - 1)).toBeLessThan(1e-9);
    const embedding = findings.find(({ signal, slice }) => signal === 'embedding' && slice.by === 'all');
    expect(embedding?.evidence).toBeGreaterThan((embedding?.statistic ?? NaN) ? 0 : NaN);
  });
});

describe('outcomes', () => {
  const outcome = (ticket: Observation, given: Partial<Outcome> = {}): Outcome => ({
    key: ticket.key,
    labelledAt: new Date(ticket.occurredAt.getTime() + 60_000),
    templateId: ticket.ranking[0]?.templateId ?? null,
    provenance: 'audit',
    position: null,
    shownProbability: 0,
    ...given,
  });

  test('that are wrong more often than on the reference raise an alarm, at the time of the label', () => {
    const detector = new ChangeDetector(smallReference, settings);
    const alarms: Alarm[] = [];
    let label = new Date(0);
    for (let index = 0; index < 300 && alarms.length === 0; index += 1) {
      const wrong = outcome(next(index), { templateId: 'another' });
      label = wrong.labelledAt;
      alarms.push(...detector.addOutcome(wrong, next(index)));
    }
    expect(alarms[0]?.at).toEqual(label);
    expect(alarms[0]?.findings.map(({ signal }) => signal)).toContain('accuracy');
  });

  test('that say nothing of a signal count for nothing', () => {
    const detector = new ChangeDetector(smallReference, settings);
    for (let index = 0; index < 50; index += 1) {
      const ticket = next(index);
      detector.addOutcome(outcome(ticket, { templateId: null, provenance: 'history' }), ticket);
    }
    expect(detector.evidence).toBe(0);
    expect(detector.toJSON()).toMatchObject({ observations: 0, outcomes: 50 });
  });
});

describe('the volume', () => {
  test('has an alarm of its own, dated by the day', () => {
    const detector = new ChangeDetector(smallReference, { minDaysPerFalseAlarm: 20, minTicketsPerFalseAlarm: 1e300 });
    const day = (at: number, count: number): Alarm[] =>
      Array.from({ length: count }, (_, ticket) => {
        const observation = next(at * 1_000 + ticket);
        return detector.add({ ...observation, occurredAt: new Date(monday + at * 86_400_000 + ticket) });
      }).flat();
    const before = Array.from({ length: 28 }, (_, at) => day(at, 8)).flat();
    expect(before).toEqual([]);
    const [alarm, ...more] = [...day(28, 400), ...day(29, 1)];
    expect(more).toEqual([]);
    expect(alarm).toMatchObject({ kind: 'volume', at: new Date(monday + 28 * 86_400_000) });
    expect(alarm?.findings).toHaveLength(1);
    expect(alarm?.findings[0]?.signal).toBe('volume');
    expect(detector.toJSON().volume.evidence).toBe(0);
  });
});

describe('the state', () => {
  test('goes on where it was', () => {
    const own = new ChangeDetector(smallReference, settings);
    for (let index = 0; index < 100; index += 1) own.add(next(index));
    const resumed = new ChangeDetector(smallReference, settings, JSON.parse(JSON.stringify(own)) as never);
    expect(resumed.evidence).toBe(own.evidence);
    expect(resumed.toJSON()).toMatchObject({ observations: 100, outcomes: 0 });
    for (let index = 100; index < 120; index += 1) {
      const ticket = next(index);
      expect(resumed.add(ticket)).toEqual(own.add(ticket));
    }
    expect(JSON.stringify(resumed)).toBe(JSON.stringify(own));
  });

  test('of another reference is refused, and so is a reference whose counts do not fit', () => {
    const state = new ChangeDetector(smallReference).toJSON();
    expect(() => new ChangeDetector(smallReference, {}, { ...state, detectors: state.detectors.slice(1) })).toThrow(
      RangeError,
    );
    const [first = [], ...others] = smallReference.counts;
    const broken = { ...smallReference, counts: [first.map((counts) => counts?.subarray(1) ?? null), ...others] };
    expect(() => new ChangeDetector(broken)).toThrow(RangeError);
  });
});
