import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WindowSample } from '../../../src/monitoring/detection/window-sample.js';
import { TicketCoder, type CodedTicket, type Coding } from '../../../src/monitoring/reference/ticket-coding.js';
import { copyBands } from '../../../src/models/features/text-facts.js';
import { singleBlock } from '../../../src/monitoring/observations/time-blocks.js';
import { measure } from '../../support/measure.js';

const space = (dims: number): Coding['space'] => ({
  size: 2,
  dims,
  mean: new Float32Array(2),
  basis: new Float32Array(2 * (dims - 1)),
  centroids: new Float32Array(dims),
  frequencies: new Float32Array(dims),
});
const coding = (given: Partial<Coding> = {}): Coding => ({
  fields: [],
  measures: [measure(), measure({ signal: 'entropy' })],
  space: null,
  topics: [],
  blocks: singleBlock,
  slices: [
    { by: 'all', value: '' },
    { by: 'channel', value: 'chat' },
  ],
  ...given,
});
const coder = new TicketCoder(coding());

let fingerprints = 0;
const ticket = (key: number, given: Partial<CodedTicket> = {}): CodedTicket => ({
  key,
  at: 1_000,
  fingerprint: (fingerprints += 1),
  bands: new Uint32Array(copyBands),
  point: null,
  values: Float32Array.of(1, 2),
  slices: [0],
  ...given,
});
const windowOf = (tickets: readonly CodedTicket[], capacity = 4, by = coder): WindowSample => {
  const window = new WindowSample(by, capacity);
  tickets.forEach((one) => window.addCoded(one));
  return window;
};
const keysOf = (window: WindowSample): number[] =>
  window
    .distinct()
    .map(({ key }) => key)
    .sort((a, b) => a - b);

describe('a window', () => {
  test('keeps the tickets with the smallest keys', () => {
    expect(keysOf(windowOf([9, 3, 7, 1, 8, 2, 6].map((key) => ticket(key))))).toEqual([1, 2, 3, 6]);
  });

  test('is the same whatever the order, the partition and the redeliveries', () => {
    const drawn = fc.record({
      key: fc.nat(30),
      at: fc.nat(2),
      fingerprint: fc.nat(2),
      value: fc.nat(2),
      band: fc.nat(2),
    });
    fc.assert(
      fc.property(
        fc.array(drawn, { maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(40),
        (all, capacity, cut) => {
          const tickets = all.map(({ key, at, fingerprint, value, band }) =>
            ticket(key, {
              at,
              fingerprint,
              values: Float32Array.of(1, value),
              bands: new Uint32Array(copyBands).fill(band, 3),
            }),
          );
          const whole = windowOf(tickets, capacity);
          const parts = windowOf([...tickets.slice(cut), ...tickets.slice(cut, cut + 3)].reverse(), capacity);
          parts.merge(windowOf(tickets.slice(0, cut), capacity));
          expect(parts.toJSON()).toEqual(whole.toJSON());
        },
      ),
    );
  });

  test('leaves a window that it takes in as it was', () => {
    const other = windowOf([ticket(1), ticket(2)]);
    const before = other.toJSON();
    windowOf([ticket(3)]).merge(other);
    expect(other.toJSON()).toEqual(before);
  });

  test.each<[string, Partial<CodedTicket>, Partial<CodedTicket>]>([
    ['the earlier', { at: 1, fingerprint: 9 }, { at: 2, fingerprint: 1 }],
    [
      'of one time that with the smaller fingerprint',
      { fingerprint: 1, values: Float32Array.of(9, 9) },
      { fingerprint: 2 },
    ],
    ['then that with the smaller value', { values: Float32Array.of(1, 2) }, { values: Float32Array.of(1, 3) }],
    ['a value rather than none', { values: Float32Array.of(5, 2) }, { values: Float32Array.of(NaN, 2) }],
    [
      'then that with the smaller band',
      { bands: Uint32Array.of(1, 2, 0, 0, 0, 0, 0, 0) },
      { bands: Uint32Array.of(1, 3, 0, 0, 0, 0, 0, 0) },
    ],
  ])('of two messages about one ticket keeps %s', (_, kept, dropped) => {
    const [one, other] = [ticket(1, { fingerprint: 5, ...kept }), ticket(1, { fingerprint: 5, ...dropped })];
    expect(windowOf([one, other]).distinct()).toEqual([one]);
    expect(windowOf([other, one]).distinct()).toEqual([one]);
  });

  test('of missing values on both sides looks at the next', () => {
    const one = ticket(1, { fingerprint: 5, values: Float32Array.of(NaN, 1) });
    const other = ticket(1, { fingerprint: 5, values: Float32Array.of(NaN, 2) });
    expect(windowOf([other, one]).distinct()).toEqual([one]);
    expect(windowOf([one, other]).distinct()).toEqual([one]);
  });

  test('tells how many tickets there were: exactly, then from its largest key', () => {
    expect(windowOf([1, 2, 3].map((key) => ticket(key))).volume).toBe(3);
    const keys = [1, 2, 3, 4, 5].map((part) => part * 2 ** 50);
    expect(windowOf(keys.map((key) => ticket(key))).volume).toBe(Math.round((3 / (4 * 2 ** 50)) * 2 ** 53));
  });

  test('gives tickets by time, then key, a copy only once', () => {
    const copy = { fingerprint: 77 };
    const window = windowOf([
      ticket(4, { at: 1 }),
      ticket(2, { at: 5, ...copy }),
      ticket(3, { at: 5, ...copy }),
      ticket(1, { at: 9 }),
    ]);
    expect(window.distinct().map(({ key }) => key)).toEqual([4, 2, 1]);
  });

  test('forgets a ticket, and takes one with a larger key in its place from then on', () => {
    const window = windowOf([5, 1, 4, 2, 3].map((key) => ticket(key)));
    const before = window.toJSON();
    window.remove(99);
    expect(window.toJSON()).toEqual(before);
    window.remove(2);
    expect(keysOf(window)).toEqual([1, 3, 4]);
    window.addCoded(ticket(9));
    window.addCoded(ticket(8));
    expect(keysOf(window)).toEqual([1, 3, 4, 8]);
  });

  test('stays sorted while many come, go and come again', () => {
    const window = new WindowSample(coder, 20);
    const all = Array.from({ length: 200 }, (_, at) => (at * 7_919) % 1_009);
    all.forEach((key) => window.addCoded(ticket(key)));
    const sorted = [...new Set(all)].sort((a, b) => a - b);
    expect(keysOf(window)).toEqual(sorted.slice(0, 20));
    sorted.slice(3, 9).forEach((key) => window.remove(key));
    all.forEach((key) => window.addCoded(ticket(key)));
    expect(keysOf(window)).toEqual(sorted.slice(0, 20));
  });
});

describe('a stored window', () => {
  const located = new TicketCoder(coding({ space: space(3) }));
  const tickets = [
    ticket(5, { at: 7, point: Int16Array.of(1, -2, 3), values: Float32Array.of(NaN, 0.5), slices: [0, 1] }),
    ticket(2, { at: 3, bands: Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8) }),
  ];

  test('is read as it was written', () => {
    const window = windowOf(tickets, 4, located);
    const read = WindowSample.fromJSON(located, JSON.parse(JSON.stringify(window)) as never, 4);
    expect(read.distinct()).toEqual(window.distinct());
    expect(read.distinct().map(({ key }) => key)).toEqual([2, 5]);
    expect(read.toJSON()).toEqual(window.toJSON());
  });

  test('without an embedding space has no points', () => {
    const read = WindowSample.fromJSON(coder, windowOf([ticket(1)]).toJSON());
    expect(read.distinct()[0]?.point).toBeNull();
  });

  test('from before there were bands has none', () => {
    const { bands, ...before } = windowOf(tickets, 4, located).toJSON();
    expect(bands).toBeDefined();
    expect(
      WindowSample.fromJSON(located, before)
        .distinct()
        .map((one) => [...one.bands]),
    ).toEqual([Array(copyBands).fill(0), Array(copyBands).fill(0)]);
  });

  test.each([
    ['measures', coding({ measures: [measure()] })],
    ['dimensions', coding({ space: space(3) })],
    ['slices', coding({ slices: [{ by: 'all', value: '' }] })],
  ])('of a reference with other %s is refused', (_, other) => {
    expect(() => WindowSample.fromJSON(new TicketCoder(other), windowOf([ticket(1)]).toJSON())).toThrow(RangeError);
  });
});
