/**
 * A window of tickets in constant memory. It keeps the tickets whose keys have the smallest hashes (bottom-k sampling; Cohen &
 * Kaplan, PODC 2007): all of a window of up to `capacity` tickets, else a uniform sample of so many.
 *
 * Invariant: it is a function of the set of tickets that were added, whatever their order, partition and number of deliveries. So
 * partitions merge to exactly what a single one would hold, and near-duplicates count once when all of them are known.
 */
import { copyBands } from '../../models/features/text-facts.js';
import { decodeBase64, encodeBase64 } from '../observations/base64-numbers.js';
import { BurstFilter } from '../observations/near-duplicates.js';
import type { Observation } from '../observations/observation.js';
import type { CodedTicket, TicketCoder } from '../reference/ticket-coding.js';

export const windowCapacity = 6_000;

/** Each array in base64, tickets by ascending key. */
export interface StoredWindow {
  measures: number;
  dims: number;
  slices: number;
  keys: string;
  fingerprints: string;
  /** Missing in older stored windows */
  bands?: string;
  times: string;
  values: string;
  points: string;
  memberships: string;
}

const noPoint = -32_768;

export class WindowSample {
  private readonly tickets = new Map<number, CodedTicket>();
  /** A heap of the kept keys, the largest first */
  private readonly heap: number[] = [];

  constructor(
    private readonly coder: TicketCoder,
    private readonly capacity = windowCapacity,
  ) {}

  add(observation: Observation): void {
    this.addCoded(this.coder.code(observation));
  }

  addCoded(ticket: CodedTicket): void {
    const known = this.tickets.get(ticket.key);
    if (known) {
      if (comesBefore(ticket, known)) this.tickets.set(ticket.key, ticket);
      return;
    }
    if (this.heap.length >= this.capacity) {
      if (ticket.key > this.heap[0]!) return;
      this.tickets.delete(popLargest(this.heap));
    }
    this.tickets.set(ticket.key, ticket);
    push(this.heap, ticket.key);
  }

  /** Adds another window of the same coding; `other` is unchanged. */
  merge(other: WindowSample): void {
    for (const ticket of other.tickets.values()) this.addCoded(ticket);
  }

  /** Erases a ticket. @param key as in a coded ticket */
  remove(key: number): void {
    if (!this.tickets.delete(key)) return;
    const kept = this.heap.filter((other) => other !== key);
    this.heap.length = 0;
    for (const other of kept) push(this.heap, other);
  }

  /** Different tickets, copies in bursts among them: exact up to the capacity, beyond it ± 1.3 % (one standard deviation). */
  get volume(): number {
    if (this.heap.length < this.capacity) return this.heap.length;
    return Math.round(((this.capacity - 1) / this.heap[0]!) * 2 ** 53);
  }

  /** Tickets that the tests use, in canonical order: by time, then key; of a burst of near-duplicates the first. */
  distinct(): CodedTicket[] {
    const ordered = [...this.tickets.values()].sort((a, b) => a.at - b.at || a.key - b.key);
    const filter = new BurstFilter();
    return ordered.filter((ticket) => !filter.isCopy(ticket));
  }

  toJSON(): StoredWindow {
    const ordered = [...this.tickets.values()].sort((a, b) => a.key - b.key);
    const { measures, space, slices } = this.coder.coding;
    const dims = space?.dims ?? 0;
    const values = new Float32Array(ordered.length * measures.length);
    const points = new Int16Array(ordered.length * dims).fill(noPoint);
    const memberships = new Uint8Array(ordered.length * slices.length);
    const bands = new Uint32Array(ordered.length * copyBands);
    ordered.forEach((ticket, index) => {
      bands.set(ticket.bands, index * copyBands);
      values.set(ticket.values, index * measures.length);
      if (ticket.point) points.set(ticket.point, index * dims);
      for (const slice of ticket.slices) memberships[index * slices.length + slice] = 1;
    });
    return {
      measures: measures.length,
      dims,
      slices: slices.length,
      keys: encodeBase64(Float64Array.from(ordered, ({ key }) => key)),
      fingerprints: encodeBase64(Float64Array.from(ordered, ({ fingerprint }) => fingerprint)),
      bands: encodeBase64(bands),
      times: encodeBase64(Float64Array.from(ordered, ({ at }) => at)),
      values: encodeBase64(values),
      points: encodeBase64(points),
      memberships: encodeBase64(memberships),
    };
  }

  /** @throws RangeError where the window was coded by another reference */
  static fromJSON(coder: TicketCoder, stored: StoredWindow, capacity = windowCapacity): WindowSample {
    const { measures, space, slices } = coder.coding;
    const dims = space?.dims ?? 0;
    if (stored.measures !== measures.length || stored.dims !== dims || stored.slices !== slices.length) {
      throw new RangeError('the window was coded by another reference than the one given');
    }
    const window = new WindowSample(coder, capacity);
    const [keys, fingerprints, times] = [stored.keys, stored.fingerprints, stored.times].map(
      (text) => new Float64Array(decodeBase64(text)),
    ) as [Float64Array, Float64Array, Float64Array];
    const values = new Float32Array(decodeBase64(stored.values));
    const points = new Int16Array(decodeBase64(stored.points));
    const memberships = new Uint8Array(decodeBase64(stored.memberships));
    const bands = stored.bands === undefined ? null : new Uint32Array(decodeBase64(stored.bands));
    keys.forEach((key, index) => {
      const point = points.slice(index * dims, (index + 1) * dims);
      window.addCoded({
        key,
        fingerprint: fingerprints[index]!,
        bands: bands?.slice(index * copyBands, (index + 1) * copyBands) ?? new Uint32Array(copyBands),
        at: times[index]!,
        point: dims > 0 && point[0] !== noPoint ? point : null,
        values: values.slice(index * measures.length, (index + 1) * measures.length),
        slices: [...slices.keys()].filter((slice) => memberships[index * slices.length + slice] === 1),
      });
    });
    return window;
  }
}

/** Of two messages about one ticket the earlier counts; of two at the same time, always the same one. */
function comesBefore(a: CodedTicket, b: CodedTicket): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.fingerprint !== b.fingerprint) return a.fingerprint < b.fingerprint;
  const other = a.values.findIndex((value, at) => !Object.is(value, b.values[at]));
  if (other < 0) return comesFirst(a.bands, b.bands);
  const [own, theirs] = [a.values[other]!, b.values[other]!];
  return Number.isNaN(theirs) || own < theirs;
}

function comesFirst(a: Uint32Array, b: Uint32Array): boolean {
  const other = a.findIndex((value, at) => value !== b[at]);
  return other >= 0 && a[other]! < b[other]!;
}

/** A binary heap in an array. */
function push(heap: number[], key: number): void {
  let at = heap.length;
  heap.push(key);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]! >= key) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = key;
}

function popLargest(heap: number[]): number {
  const largest = heap[0]!;
  const key = heap.pop() as number;
  const { length } = heap;
  let at = 0;
  while (length > 0) {
    let child = 2 * at + 1;
    if (child + 1 < length && heap[child + 1]! > heap[child]!) child += 1;
    if (child >= length || heap[child]! <= key) break;
    heap[at] = heap[child]!;
    at = child;
  }
  if (length > 0) heap[at] = key;
  return largest;
}
