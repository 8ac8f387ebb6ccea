import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newTopic, TicketSource, world } from '../../../bench/drift/synthetic-tickets.js';
import { chiSquareTest, testCategories, testBinnedNumbers } from '../../../src/statistics/contingency.js';
import type { Observation } from '../../../src/monitoring/observations/observation.js';
import { textFacts } from '../../../src/models/features/text-facts.js';
import { buildReference } from '../../../src/monitoring/reference/reference.js';
import { TicketCoder } from '../../../src/monitoring/reference/ticket-coding.js';
import { WindowSample } from '../../../src/monitoring/detection/window-sample.js';
import { testWindow } from '../../../src/monitoring/detection/window-test.js';
import { seeded } from '../../../src/statistics/random.js';

const desk = world(20, 1, 32);
const source = new TicketSource(desk, 2);
const monday = Date.UTC(2026, 2, 2);
const draw = (index: number, more: object = {}): Observation =>
  source.ticket({ index, occurredAt: new Date(monday + index * 60_000), ...more });
const reference = buildReference(
  Array.from({ length: 1_500 }, (_, index) => ({ observation: draw(index), templateId: null })),
  { seed: 1, draws: 999 },
);
const coder = new TicketCoder(reference.coding);
/** Every other one has a long text, of a few messages in many versions. */
const tickets = Array.from({ length: 300 }, (_, index) => {
  const letter = (number: number): string => String.fromCharCode(97 + (number % 26));
  const words = Array.from({ length: 24 }, (__, at) => `word${letter(index % 7)}${letter(at)}`);
  words[index % 24] = `another${letter(index)}`;
  const { fingerprint } = textFacts({ subject: '', body: words.join(' ') }, null);
  return { ...draw(10_000 + index), ...(index % 2 === 0 && { fingerprint }) };
});
const windowOf = (some: readonly Observation[], capacity?: number): WindowSample => {
  const window = new WindowSample(coder, capacity);
  for (const ticket of some) window.add(ticket);
  return window;
};

describe('a window', () => {
  const deliveries = fc.array(fc.tuple(fc.nat({ max: tickets.length - 1 }), fc.nat({ max: 7 })), {
    minLength: 1,
    maxLength: 400,
  });

  test('is what one would have seen, whatever the partitions, their order, and what is delivered twice', () => {
    fc.assert(
      fc.property(deliveries, fc.integer({ min: 20, max: 400 }), fc.boolean(), (some, capacity, isBackwards) => {
        const partitions = Array.from({ length: 8 }, () => new WindowSample(coder, capacity));
        for (const [ticket, partition] of some) partitions[partition]?.add(tickets[ticket] as Observation);
        const stored = partitions.map((window) =>
          WindowSample.fromJSON(coder, structuredClone(window.toJSON()), capacity),
        );
        const merged = new WindowSample(coder, capacity);
        for (const window of isBackwards ? stored.toReversed() : stored) merged.merge(window);
        const seen = [...new Set(some.map(([ticket]) => ticket))].sort((a, b) => a - b);
        expect(merged.toJSON()).toEqual(
          windowOf(
            seen.map((ticket) => tickets[ticket] as Observation),
            capacity,
          ).toJSON(),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('merges in any grouping', () => {
    const [a, b, c] = [0, 1, 2].map((part) =>
      windowOf(
        tickets.filter((_, index) => index % 3 === part),
        150,
      ),
    ) as [WindowSample, WindowSample, WindowSample];
    const together = (...windows: WindowSample[]): WindowSample => {
      const merged = new WindowSample(coder, 150);
      for (const window of windows) merged.merge(window);
      return merged;
    };
    expect(together(together(a, b), c).toJSON()).toEqual(together(a, together(c, b)).toJSON());
  });

  test('counts copies of one message once for drift, and each for the volume', () => {
    const outage = { ...draw(20_000), words: 9 };
    const copies = Array.from({ length: 200 }, (_, index) => ({ ...outage, key: `desk:copy-${index}` }));
    const others = tickets.filter((_, index) => index % 2 === 1);
    const window = windowOf([...others, ...copies]);
    expect(window.volume).toBe(350);
    expect(window.distinct()).toHaveLength(151);
    expect(testWindow(reference, window).filter(({ alarm }) => alarm)).toEqual([]);
  });

  test('stored before copies in other words were known is read as it was', () => {
    const { bands, ...before } = windowOf(tickets).toJSON();
    expect(bands).toBeDefined();
    const read = WindowSample.fromJSON(coder, structuredClone(before));
    expect(read.distinct().length).toBe(new Set(read.distinct().map(({ fingerprint }) => fingerprint)).size);
    expect(read.distinct().length).toBeGreaterThan(windowOf(tickets).distinct().length);
    expect(read.volume).toBe(tickets.length);
  });

  test('of more tickets than it holds still tells how many there were, to a few percent', () => {
    const window = new WindowSample(coder, 500);
    const coded = coder.code(tickets[0] as Observation);
    const random = seeded(3);
    for (let index = 0; index < 20_000; index += 1) {
      window.addCoded({ ...coded, key: Math.floor(random() * 2 ** 32) * 2 ** 21 + index });
    }
    expect(Math.abs(window.volume / 20_000 - 1)).toBeLessThan(0.15);
    expect(window.distinct().length).toBeLessThanOrEqual(500);
  });

  test('forgets a ticket that is to be forgotten', () => {
    const window = windowOf(tickets);
    window.remove(coder.code(tickets[7] as Observation).key);
    expect(window.toJSON()).toEqual(windowOf(tickets.filter((_, index) => index !== 7)).toJSON());
  });
});

describe('a file without drift', () => {
  test('alarms no more often than promised', () => {
    const alarms = Array.from({ length: 60 }, (_, repetition) => {
      const window = windowOf(Array.from({ length: 150 }, (_, index) => draw(30_000 + repetition * 150 + index)));
      return testWindow(reference, window, { level: 0.05 }).some(({ alarm }) => alarm);
    });
    // 5 % of 60 are 3; nine or more would have a probability of 0.3 %.
    expect(alarms.filter(Boolean).length).toBeLessThan(9);
  });
});

describe('drift is told by the signal that it is in', () => {
  const alarmsOf = (change: (ticket: Observation, index: number) => Observation): string[] => {
    const changed = Array.from({ length: 600 }, (_, index) => change(draw(50_000 + index), index));
    return [
      ...new Set(testWindow(reference, windowOf(changed)).flatMap(({ alarm, signal }) => (alarm ? [signal] : []))),
    ];
  };

  test.each([
    ['channel', (ticket: Observation) => ({ ...ticket, channel: 'chat' })],
    [
      'language',
      (ticket: Observation, index: number) => ({ ...ticket, language: index % 4 === 0 ? 'pl' : ticket.language }),
    ],
    ['words', (ticket: Observation) => ({ ...ticket, words: ticket.words * 2 })],
    ['empty', (ticket: Observation, index: number) => ({ ...ticket, words: index % 10 === 0 ? 0 : ticket.words })],
    ['unknownWords', (ticket: Observation) => ({ ...ticket, unknownShare: (ticket.unknownShare ?? 0) + 0.05 })],
    [
      'confidence',
      (ticket: Observation) => ({
        ...ticket,
        ranking: ticket.ranking.map((item) => ({ ...item, probability: item.probability * 0.8 })),
      }),
    ],
    ['entropy', (ticket: Observation) => ({ ...ticket, entropy: (ticket.entropy ?? 0) + 0.3 })],
    ['abstention', (ticket: Observation, index: number) => ({ ...ticket, abstained: index % 5 === 0 })],
    [
      'template',
      (ticket: Observation, index: number) => ({
        ...ticket,
        ranking: index % 5 === 0 ? [{ templateId: 'topic-7', probability: 0.8 }] : ticket.ranking,
      }),
    ],
    [
      'contactType',
      (ticket: Observation, index: number) => ({
        ...ticket,
        contactType: index % 5 === 0 ? 'type-7' : ticket.contactType,
      }),
    ],
    ['field:country', (ticket: Observation) => ({ ...ticket, fields: { ...ticket.fields, country: null } })],
    [
      'field:orders',
      (ticket: Observation) => ({ ...ticket, fields: { ...ticket.fields, orders: Number(ticket.fields.orders) + 5 } }),
    ],
    [
      'field:orders:missing',
      (ticket: Observation, index: number) => ({
        ...ticket,
        fields: { ...ticket.fields, orders: index % 6 === 0 ? null : (ticket.fields.orders ?? null) },
      }),
    ],
  ])('%s', (signal, change) => {
    expect(alarmsOf(change)[0]).toBe(signal);
  });

  test('embedding, where a new topic takes a tenth', () => {
    const topic = newTopic(desk, 5);
    const window = windowOf(
      Array.from({ length: 600 }, (_, index) => draw(60_000 + index, index % 10 === 0 ? { topic } : {})),
    );
    const [found] = testWindow(reference, window).filter(
      ({ signal, slice }) => signal === 'embedding' && slice.by === 'all',
    );
    expect(found?.alarm).toBe(true);
    expect(found?.effect.low).toBeGreaterThan(0);
    expect(found?.effect.high).toBeLessThan(0.2);
  });

  test('in the one channel that it is in', () => {
    const changed = Array.from({ length: 2_000 }, (_, index) => {
      const ticket = draw(70_000 + index);
      return ticket.channel === 'chat' ? { ...ticket, words: ticket.words * 3 } : ticket;
    });
    const findings = testWindow(reference, windowOf(changed)).filter(
      ({ alarm, signal }) => alarm && signal === 'words',
    );
    expect(findings.map(({ slice }) => slice.value)).toContain('chat');
    expect(findings.map(({ slice }) => slice.value)).not.toContain('email');
  });
});

describe('p-values', () => {
  const random = seeded(4);
  const counts = (size: number, shares: readonly number[]): Float64Array => {
    const drawn = new Float64Array(shares.length);
    for (let index = 0; index < size; index += 1) {
      let at = random();
      const bin = shares.findIndex((share) => (at -= share) < 0);
      drawn[Math.max(0, bin)] = drawn[Math.max(0, bin)]! + 1;
    }
    return drawn;
  };
  const shares = Array.from({ length: 30 }, (_, index) => 2 ** -(1 + index / 3));
  const total = shares.reduce((a, b) => a + b, 0);
  const even = Array.from({ length: 40 }, () => 1 / 40);

  test.each([
    [
      'of names',
      (): number =>
        testCategories({
          reference: counts(
            2_000,
            shares.map((share) => share / total),
          ),
          window: counts(
            300,
            shares.map((share) => share / total),
          ),
        })?.pValue ?? 1,
    ],
    [
      'of numbers',
      (): number => testBinnedNumbers({ reference: counts(2_000, even), window: counts(300, even) })?.pValue ?? 1,
    ],
    [
      // Bins end where shares of the reference do: once a small window chose which of them were pooled.
      'of few numbers in bins that the reference fills evenly',
      (): number =>
        testBinnedNumbers({ reference: new Float64Array(40).fill(125), window: counts(50, even) })?.pValue ?? 1,
    ],
    ['of a chi-square', (): number => chiSquareTest(counts(2_000, even), counts(800, even)).pValue],
  ])('%s are small no more often than they say', (_, pValue) => {
    const drawn = Array.from({ length: 1_000 }, pValue);
    for (const level of [0.01, 0.05, 0.2]) {
      const most = 1_000 * level + 3.3 * Math.sqrt(1_000 * level * (1 - level));
      expect(drawn.filter((value) => value <= level).length).toBeLessThan(most);
    }
    expect(Math.min(...drawn)).toBeGreaterThan(0);
  });
});
