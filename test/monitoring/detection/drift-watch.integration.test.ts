import { describe, expect, test } from 'vitest';
import { newTopic, TicketSource, world } from '../../../bench/drift/synthetic-tickets.js';
import { seeded } from '../../../src/statistics/random.js';
import { ChangeDetector, type Alarm } from '../../../src/monitoring/detection/change-detector.js';
import type { Observation } from '../../../src/monitoring/observations/observation.js';
import { buildReference } from '../../../src/monitoring/reference/reference.js';
import { SignalDetector } from '../../../src/monitoring/detection/signal-detector.js';
import { binCount, TicketCoder, type Measure } from '../../../src/monitoring/reference/ticket-coding.js';
import { testWindow } from '../../../src/monitoring/detection/window-test.js';
import { WindowSample } from '../../../src/monitoring/detection/window-sample.js';
import { VolumeDetector } from '../../../src/monitoring/detection/volume-detector.js';

const desk = world(20, 1, 32);
const monday = Date.UTC(2026, 2, 2);
const minutes = (index: number): Date => new Date(monday + index * 60_000);
const stream = (seed: number) => {
  const source = new TicketSource(desk, seed);
  return (index: number, more: object = {}): Observation =>
    source.ticket({ index, occurredAt: minutes(index), ...more });
};
const draw = stream(2);
const reference = buildReference(
  Array.from({ length: 2_000 }, (_, index) => {
    const observation = draw(index);
    return { observation, templateId: observation.ranking[0]?.templateId ?? null };
  }),
  { seed: 1, draws: 1 },
);
/** Its doubt and its entropy so many times as large. */
const certain = (ticket: Observation, times: number): Observation => ({
  ...ticket,
  ranking: ticket.ranking.map((one, at) => (at > 0 ? one : { ...one, probability: 1 - times * (1 - one.probability) })),
  entropy: times * (ticket.entropy ?? 0),
});
const drift = (alarms: readonly Alarm[]): Alarm[] => alarms.filter(({ kind }) => kind === 'drift');

describe('without drift', () => {
  test('a false alarm comes as seldom as promised, all signals and slices together', () => {
    const promised = 250;
    const runs = Array.from({ length: 30 }, (_, run) => {
      const watch = new ChangeDetector(reference, { minTicketsPerFalseAlarm: promised, minEffect: 0 });
      const next = stream(100 + run);
      for (let index = 0; index < 2_000; index += 1) if (drift(watch.add(next(index))).length > 0) return index + 1;
      return 2_000;
    });
    const mean = runs.reduce((a, b) => a + b, 0) / runs.length;
    expect(mean).toBeGreaterThan(promised);
  });

  test('hundreds of copies of one message in an outage are no drift, whatever they say', () => {
    const watch = new ChangeDetector(reference);
    const next = stream(7);
    const topic = newTopic(desk, 3);
    const outage = next(0, { topic });
    const alarms = Array.from({ length: 1_500 }, (_, index) => {
      const isCopy = index >= 500 && index < 1_100;
      return watch.add(isCopy ? { ...outage, key: `desk:outage-${index}`, occurredAt: minutes(index) } : next(index));
    });
    expect(drift(alarms.flat())).toEqual([]);
  });

  test('a model that has learned from all tickets is surer than those that held some out, and that is usual', () => {
    const watch = new ChangeDetector(reference);
    const next = stream(30);
    const window = new WindowSample(new TicketCoder(reference.coding));
    const alarms = Array.from({ length: 3_000 }, (_, index) => {
      const ticket = certain(next(index), 0.5);
      window.add(ticket);
      return watch.add(ticket);
    });
    expect(drift(alarms.flat())).toEqual([]);
    expect(testWindow(reference, window).filter(({ alarm }) => alarm)).toEqual([]);
  });

  test('a name that never comes wins nothing, however long it does not come and in however many blocks of hours', () => {
    const names = ['email', 'chat'];
    const measure: Measure = {
      signal: 'channel',
      part: null,
      kind: 'names',
      names,
      rare: [],
      edges: [],
      hasRhythm: true,
    };
    const [blocks, bins] = [24, binCount(measure)];
    const counts = Float64Array.from({ length: blocks * bins }, (_, place) => (place % bins < names.length ? 50 : 0));
    const detector = new SignalDetector({ measure, counts, isSlice: false, minEffect: 0.01 });
    const random = seeded(3);
    for (let ticket = 0; ticket < 30_000; ticket += 1) {
      detector.add(random() < 0.5 ? 0 : 1, Math.floor(random() * blocks), random());
      expect(detector.evidence).toBeLessThan(100_000);
    }
  });

  test('a week that has its days and nights is like the weeks before', () => {
    const rhythmic = (source: TicketSource, index: number): Observation => {
      const occurredAt = new Date(monday + index * 15 * 60_000);
      const isWeekend = [0, 6].includes(occurredAt.getUTCDay());
      const ticket = source.ticket({ index, occurredAt });
      return {
        ...ticket,
        channel: isWeekend ? 'chat' : ticket.channel,
        words: isWeekend ? ticket.words * 2 : ticket.words,
      };
    };
    const before = new TicketSource(desk, 20);
    const weekly = buildReference(
      Array.from({ length: 6_000 }, (_, index) => ({ observation: rhythmic(before, index), templateId: null })),
      { seed: 1, draws: 1 },
    );
    expect(weekly.coding.measures.filter(({ hasRhythm }) => hasRhythm).map(({ signal }) => signal)).toEqual([
      'channel',
      'words',
    ]);
    const watch = new ChangeDetector(weekly);
    const after = new TicketSource(desk, 21);
    const alarms = Array.from({ length: 6_000 }, (_, index) => watch.add(rhythmic(after, index + 6_720)));
    expect(drift(alarms.flat())).toEqual([]);
  });
});

describe('with drift', () => {
  test('a new topic raises an alarm, which names the signal and how far it moved', () => {
    const watch = new ChangeDetector(reference);
    const next = stream(8);
    const topic = newTopic(desk, 4);
    const alarms: Alarm[] = [];
    for (let index = 0; index < 1_500 && alarms.length === 0; index += 1) {
      alarms.push(...drift(watch.add(next(index, index % 8 === 0 ? { topic } : {}))));
    }
    const [alarm] = alarms;
    expect(alarm?.evidence).toBeGreaterThanOrEqual(100_000);
    expect(alarm?.findings.map(({ signal }) => signal)).toContain('embedding');
    const [strongest] = alarm?.findings ?? [];
    expect(strongest?.alarm).toBe(true);
    expect(strongest?.explanation).toMatch(/\.$/);
  });

  test('a model that is less sure, and abstains more often, raises an alarm by that alone', () => {
    const watch = new ChangeDetector(reference);
    const next = stream(31);
    const window = new WindowSample(new TicketCoder(reference.coding));
    const alarms = Array.from({ length: 3_000 }, (_, index) => {
      const ticket = { ...certain(next(index), 2), abstained: index % 4 === 0 };
      window.add(ticket);
      return watch.add(ticket);
    });
    expect(drift(alarms.flat())[0]?.findings.map(({ signal }) => signal)).toContain('confidence');
    const moved = testWindow(reference, window).filter(({ alarm, slice }) => alarm && slice.by === 'all');
    expect(moved.map(({ signal }) => signal)).toEqual(expect.arrayContaining(['confidence', 'entropy', 'abstention']));
  });

  test('what agents take less often raises an alarm', () => {
    const watch = new ChangeDetector(reference);
    const next = stream(9);
    const alarms: Alarm[] = [];
    for (let index = 0; index < 3_000 && alarms.length === 0; index += 1) {
      const ticket = next(index);
      const isTaken = index % 10 < (index < 1_500 ? 8 : 5);
      const templateId = (isTaken ? ticket.ranking[0] : ticket.ranking[1])?.templateId ?? null;
      const position = isTaken ? 1 : 2;
      const choice = {
        key: ticket.key,
        labelledAt: ticket.occurredAt,
        templateId,
        provenance: 'choice',
        position,
        shownProbability: 1,
      } as const;
      alarms.push(...watch.addOutcome(choice, ticket));
      if (index < 1_500) expect(alarms).toEqual([]);
    }
    expect(alarms[0]?.findings[0]?.signal).toBe('acceptance');
    expect(alarms[0]?.findings[0]?.effect.value).toBeLessThan(0);
  });

  test('fewer right first suggestions on the audit share than in training raise an alarm', () => {
    const watch = new ChangeDetector(reference);
    const next = stream(10);
    const alarms = Array.from({ length: 400 }, (_, index) => {
      const ticket = next(index);
      const templateId = index % 10 < 6 ? (ticket.ranking[0]?.templateId ?? null) : 'another';
      return watch.addOutcome(
        {
          key: ticket.key,
          labelledAt: ticket.occurredAt,
          templateId,
          provenance: 'audit',
          position: null,
          shownProbability: 0,
        },
        ticket,
      );
    });
    expect(alarms.flat()[0]?.findings.map(({ signal }) => signal)).toContain('accuracy');
  });
});

test('a replay after a restart in the middle gives the same evidence, ticket by ticket', () => {
  const next = stream(11);
  const tickets = Array.from({ length: 600 }, (_, index) => next(index));
  const whole = new ChangeDetector(reference);
  let restarted = new ChangeDetector(reference);
  tickets.forEach((ticket, index) => {
    whole.add(ticket);
    if (index % 97 === 0) restarted = new ChangeDetector(reference, {}, JSON.parse(JSON.stringify(restarted)) as never);
    restarted.add(ticket);
    expect(restarted.evidence).toBe(whole.evidence);
  });
  expect(JSON.stringify(restarted)).toBe(JSON.stringify(whole));
});

test('a state stored before copies in other words were known goes on, and still knows the texts it saw', () => {
  const next = stream(13);
  const seen = Array.from({ length: 50 }, (_, index) => next(index));
  const watch = new ChangeDetector(reference);
  for (const ticket of seen) watch.add(ticket);
  const { bands, ...before } = JSON.parse(JSON.stringify(watch)) as ReturnType<ChangeDetector['toJSON']>;
  expect(bands).toBeDefined();
  const resumed = new ChangeDetector(reference, {}, before);
  expect(resumed.evidence).toBe(watch.evidence);
  const { evidence } = resumed;
  resumed.add({ ...(seen[7] as Observation), key: 'desk:copy' });
  expect(resumed.evidence).toBe(evidence);
});

test('the state does not grow with the tickets', () => {
  const next = stream(12);
  const watch = new ChangeDetector(reference);
  for (let index = 0; index < 1_500; index += 1) watch.add(next(index));
  const early = JSON.stringify(watch).length;
  for (let index = 1_500; index < 6_000; index += 1) watch.add(next(index));
  expect(JSON.stringify(watch).length).toBeLessThan(1.2 * early);
});

describe('the volume', () => {
  const days = (counts: readonly number[]): ReturnType<VolumeDetector['add']> => {
    const watch = new VolumeDetector();
    return counts.flatMap((count, day) =>
      Array.from({ length: count }, (_, ticket) => watch.add(monday + day * 86_400_000 + ticket)).flat(),
    );
  };
  const usual = Array.from({ length: 63 }, (_, day) => (day % 7 > 4 ? 20 : 100) + ((day * 7) % 11));

  test('of weekends is less than that of other days, and that is usual', () => {
    expect(Math.max(...days(usual).map(({ evidence }) => evidence))).toBeLessThan(100);
  });

  test('of an outage is judged by that weekday', () => {
    const judged = days([...usual, 1_200, 100]);
    expect(judged.at(-1)).toMatchObject({ tickets: 1_200 });
    expect(judged.at(-1)?.evidence).toBeGreaterThan(1_000);
    expect(judged.at(-1)?.usual).toBeGreaterThan(90);
  });
});
