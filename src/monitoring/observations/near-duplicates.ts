/** Tickets that say nearly the same shortly after one another, as in an outage: they count once for drift. */
import { copyBands } from '../../models/features/text-facts.js';
import { decodeBase64, encodeBase64 } from './base64-numbers.js';

/** Tickets that are looked back at. Constant on purpose: memory does not grow with the months. */
const lookback = 1_024;

/**
 * Among the last tickets so many must have a band in common with one that is taken for a copy: two texts that share most of
 * their words are what two customers happen to write, four of them are an outage.
 */
const minSharedBands = 3;

/** What tells a ticket from a copy of it. */
export interface TextSignature {
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
  private readonly fingerprints = new Float64Array(lookback).fill(NaN);
  private readonly bands = new Uint32Array(lookback * copyBands);
  /** How many of the last tickets have each fingerprint, and each band */
  private readonly fingerprintCounts = new Map<number, number>();
  private readonly bandCounts = new Map<number, number>();
  private at = 0;

  constructor({ filter, bands }: StoredFilter = { filter: [] }) {
    const all = new Uint32Array(decodeBase64(bands ?? ''));
    filter.slice(0, lookback).forEach((fingerprint, index) => {
      const own = new Uint32Array(copyBands);
      own.set(all.subarray(index * copyBands, (index + 1) * copyBands));
      this.isCopy({ fingerprint, bands: own });
    });
  }

  /** Takes a ticket in. @returns whether one before it says the same, or a few say nearly the same */
  isCopy({ fingerprint, bands }: TextSignature): boolean {
    const { at } = this;
    decrement(this.fingerprintCounts, this.fingerprints[at]!);
    this.fingerprints[at] = fingerprint;
    let isKnown = increment(this.fingerprintCounts, fingerprint) > 0;
    for (let band = 0; band < copyBands; band += 1) {
      const place = at * copyBands + band;
      const [oldest, own] = [this.bands[place]!, bands[band]!];
      if (oldest !== 0) decrement(this.bandCounts, bandKey(band, oldest));
      this.bands[place] = own;
      if (own !== 0 && increment(this.bandCounts, bandKey(band, own)) >= minSharedBands) isKnown = true;
    }
    this.at = (at + 1) % lookback;
    return isKnown;
  }

  toJSON(): Required<StoredFilter> {
    const places = Array.from({ length: lookback }, (_, index) => (this.at + index) % lookback).filter(
      (place) => !Number.isNaN(this.fingerprints[place]),
    );
    const bands = new Uint32Array(places.length * copyBands);
    places.forEach((place, index) =>
      bands.set(this.bands.subarray(place * copyBands, (place + 1) * copyBands), index * copyBands),
    );
    return { filter: places.map((place) => this.fingerprints[place]!), bands: encodeBase64(bands) };
  }
}

/** Equal numbers in different bands are nothing in common. */
const bandKey = (band: number, value: number): number => band * 2 ** 32 + value;

/** @returns how often it was there before */
function increment(times: Map<number, number>, key: number): number {
  const before = times.get(key) ?? 0;
  times.set(key, before + 1);
  return before;
}

function decrement(times: Map<number, number>, key: number): void {
  const left = (times.get(key) ?? 0) - 1;
  if (left > 0) times.set(key, left);
  else times.delete(key);
}

/** @param items in the order in which they came */
export function dropBursts<Item>(items: readonly Item[], signatureOf: (item: Item) => TextSignature): Item[] {
  const filter = new BurstFilter();
  return items.filter((item) => !filter.isCopy(signatureOf(item)));
}

/** Items that say nearly the same, or are linked by others that do, together; however far apart they came. */
export function groupNearDuplicates<Item>(
  items: readonly Item[],
  signatureOf: (item: Item) => TextSignature,
): Item[][] {
  const links = Int32Array.from(items.keys());
  const rootOf = (index: number): number => {
    let at = index;
    while (links[at] !== at) at = links[at] = links[links[at]!]!;
    return at;
  };
  const firstWith = new Map<number, number>();
  items.forEach((item, index) => {
    const { fingerprint, bands } = signatureOf(item);
    const keys = [-1 - fingerprint];
    bands.forEach((value, band) => value !== 0 && keys.push(bandKey(band, value)));
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
