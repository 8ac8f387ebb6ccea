/** Tickets that say nearly the same shortly after one another, as in an outage: they count once for drift. */
import { copyBands } from '../../models/features/text-facts.js';
import { decoded, encoded } from './base64-numbers.js';

/** Tickets that are looked back at. Constant on purpose: memory does not grow with the months. */
const lookBack = 1_024;

/**
 * Among the last tickets so many must have a band in common with one that is taken for a copy: two texts that share most of
 * their words are what two customers happen to write, four of them are an outage.
 */
const leastAlike = 3;

/** What tells a ticket from a copy of it. */
export interface Distinction {
  /** Of the whole text, 53 bits */
  fingerprint: number;
  /** Copies that differ in a word or two have one of them in common, [copyBands]; zeros where there are none */
  bands: Uint32Array;
}

/** Of the last tickets, oldest first. */
export interface StoredFilter {
  /** Fingerprints */
  filter: number[];
  /** In base64; none in a state stored before there were bands */
  bands?: string;
}

/**
 * Knows what distinguishes the last 1,024 tickets, copies among them. A copy that comes later counts again: what customers
 * write all the time is no burst.
 */
export class BurstFilter {
  private readonly fingerprints = new Float64Array(lookBack).fill(NaN);
  private readonly bands = new Uint32Array(lookBack * copyBands);
  /** How many of the last tickets have each fingerprint, and each band */
  private readonly times = new Map<number, number>();
  private readonly bandTimes = new Map<number, number>();
  private at = 0;

  constructor({ filter, bands }: StoredFilter = { filter: [] }) {
    const all = new Uint32Array(decoded(bands ?? ''));
    filter.slice(0, lookBack).forEach((fingerprint, index) => {
      const own = new Uint32Array(copyBands);
      own.set(all.subarray(index * copyBands, (index + 1) * copyBands));
      this.isCopy({ fingerprint, bands: own });
    });
  }

  /** Takes a ticket in. @returns whether one before it says the same, or a few say nearly the same */
  isCopy({ fingerprint, bands }: Distinction): boolean {
    const { at } = this;
    forget(this.times, this.fingerprints[at] as number);
    this.fingerprints[at] = fingerprint;
    let isKnown = remember(this.times, fingerprint) > 0;
    for (let band = 0; band < copyBands; band += 1) {
      const place = at * copyBands + band;
      const [oldest, own] = [this.bands[place] as number, bands[band] as number];
      if (oldest !== 0) forget(this.bandTimes, keyOf(band, oldest));
      this.bands[place] = own;
      if (own !== 0 && remember(this.bandTimes, keyOf(band, own)) >= leastAlike) isKnown = true;
    }
    this.at = (at + 1) % lookBack;
    return isKnown;
  }

  toJSON(): Required<StoredFilter> {
    const places = Array.from({ length: lookBack }, (_, index) => (this.at + index) % lookBack).filter(
      (place) => !Number.isNaN(this.fingerprints[place]),
    );
    const bands = new Uint32Array(places.length * copyBands);
    places.forEach((place, index) =>
      bands.set(this.bands.subarray(place * copyBands, (place + 1) * copyBands), index * copyBands),
    );
    return { filter: places.map((place) => this.fingerprints[place] as number), bands: encoded(bands) };
  }
}

/** Equal numbers in different bands are nothing in common. */
const keyOf = (band: number, value: number): number => band * 2 ** 32 + value;

/** @returns how often it was there before */
function remember(times: Map<number, number>, key: number): number {
  const before = times.get(key) ?? 0;
  times.set(key, before + 1);
  return before;
}

function forget(times: Map<number, number>, key: number): void {
  const left = (times.get(key) ?? 0) - 1;
  if (left > 0) times.set(key, left);
  else times.delete(key);
}

/** @param items in the order in which they came */
export function withoutBursts<Item>(items: readonly Item[], distinctionOf: (item: Item) => Distinction): Item[] {
  const filter = new BurstFilter();
  return items.filter((item) => !filter.isCopy(distinctionOf(item)));
}

/** Items that say nearly the same, or are linked by others that do, together; however far apart they came. */
export function alike<Item>(items: readonly Item[], distinctionOf: (item: Item) => Distinction): Item[][] {
  const links = Int32Array.from(items.keys());
  const rootOf = (index: number): number => {
    let at = index;
    while (links[at] !== at) at = links[at] = links[links[at] as number] as number;
    return at;
  };
  const firstWith = new Map<number, number>();
  items.forEach((item, index) => {
    const { fingerprint, bands } = distinctionOf(item);
    const keys = [-1 - fingerprint];
    bands.forEach((value, band) => value !== 0 && keys.push(keyOf(band, value)));
    for (const key of keys) {
      const other = firstWith.get(key);
      if (other === undefined) firstWith.set(key, index);
      else links[rootOf(index)] = rootOf(other);
    }
  });
  const groups = new Map<number, Item[]>();
  items.forEach((item, index) => {
    const group = groups.get(rootOf(index));
    if (group) group.push(item);
    else groups.set(rootOf(index), [item]);
  });
  return [...groups.values()];
}
