/** Tickets that say nearly the same shortly after one another, as in an outage: they count once for drift. */

/** Tickets that are looked back at. Constant on purpose: memory does not grow with the months. */
const lookBack = 1_024;

/**
 * Knows the fingerprints of the last 1,024 tickets, copies among them. A copy that comes later counts again: what customers
 * write all the time is no burst.
 */
export class BurstFilter {
  private readonly last: Float64Array;
  private readonly times = new Map<number, number>();

  /** @param last what `toArray` said, oldest first */
  constructor(
    last: ArrayLike<number> = [],
    private at = 0,
  ) {
    this.last = new Float64Array(lookBack).fill(NaN);
    for (let index = 0; index < Math.min(last.length, lookBack); index += 1) this.isCopy(last[index] as number);
  }

  /** Takes a ticket's fingerprint in. @returns whether one of the tickets before it had the same */
  isCopy(fingerprint: number): boolean {
    const oldest = this.last[this.at] as number;
    const left = (this.times.get(oldest) ?? 0) - 1;
    if (left > 0) this.times.set(oldest, left);
    else this.times.delete(oldest);
    this.last[this.at] = fingerprint;
    this.at = (this.at + 1) % lookBack;
    const before = this.times.get(fingerprint) ?? 0;
    this.times.set(fingerprint, before + 1);
    return before > 0;
  }

  toArray(): Float64Array {
    const ordered = Float64Array.from(
      { length: lookBack },
      (_, index) => this.last[(this.at + index) % lookBack] as number,
    );
    return ordered.filter((fingerprint) => !Number.isNaN(fingerprint));
  }
}

/** @param items in the order in which they came */
export function withoutBursts<Item>(items: readonly Item[], fingerprintOf: (item: Item) => number): Item[] {
  const filter = new BurstFilter();
  return items.filter((item) => !filter.isCopy(fingerprintOf(item)));
}
