/** Near-duplicate tickets in quick succession, as during an outage, count once for drift. */
import { copyBands } from '../../models/features/text-facts.js';
import { decodeBase64, encodeBase64 } from './base64-numbers.js';

/** Number of earlier tickets that are compared. Constant, so that memory does not grow over time. */
const lookback = 1_024;

/**
 * Earlier tickets that must share a band with a near-copy: two texts with mostly the same words are a coincidence, four of them
 * are an outage.
 */
const minSharedBands = 3;

/** Identifies copies of a text. */
export interface TextSignature {
  /** Of the whole text, 53 bits */
  fingerprint: number;
  /** Near-copies share at least one of them, [copyBands]; zeros where there are none */
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
 * Holds the signatures of the last 1,024 tickets, copies included. A later copy counts again: a text that customers write all
 * the time is no burst.
 */
export class BurstFilter {
  private readonly fingerprints = new Float64Array(lookback).fill(NaN);
  private readonly bands = new Uint32Array(lookback * copyBands);
  /** How many of the last tickets have each fingerprint and each band */
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

  /** Adds a ticket. @returns whether an earlier one is the same, or a few are nearly the same */
  isCopy({ fingerprint, bands }: TextSignature): boolean {
    const { at } = this;
    decrement(this.fingerprintCounts, this.fingerprints[at]!);
    this.fingerprints[at] = fingerprint;
    let isDuplicate = increment(this.fingerprintCounts, fingerprint) > 0;
    for (let band = 0; band < copyBands; band += 1) {
      const place = at * copyBands + band;
      const [evicted, own] = [this.bands[place]!, bands[band]!];
      if (evicted !== 0) decrement(this.bandCounts, bandKey(band, evicted));
      this.bands[place] = own;
      if (own !== 0 && increment(this.bandCounts, bandKey(band, own)) >= minSharedBands) isDuplicate = true;
    }
    this.at = (at + 1) % lookback;
    return isDuplicate;
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

/** Equal numbers in different bands do not match. */
const bandKey = (band: number, value: number): number => band * 2 ** 32 + value;

/** @returns the count before */
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

/** @param items in order of arrival */
export function dropBursts<Item>(items: readonly Item[], signatureOf: (item: Item) => TextSignature): Item[] {
  const filter = new BurstFilter();
  return items.filter((item) => !filter.isCopy(signatureOf(item)));
}

/** Groups near-duplicates, also those that are only linked by others, however far apart they arrived. */
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
