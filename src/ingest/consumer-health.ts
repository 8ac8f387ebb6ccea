/** Without progress for so long, with messages waiting and nothing that explains it, a consumer is stalled. */
const stalledAfterMs = 60_000;

/** What is known of a consumer, for readiness. Times are ms since 1970. */
export class ConsumerHealth {
  private crashedAt: number | null = null;
  private progressAt: number | null = null;
  private readonly lags = new Map<string, number>();

  crashed(now: number): void {
    this.crashedAt ??= now;
  }

  joined(): void {
    this.crashedAt = null;
    this.lags.clear();
  }

  /** An outage was seen and will be tried again: that is no stall. */
  waits(): void {
    this.progressAt = Date.now();
  }

  progressed(now: number, partition: string, lag: number): void {
    this.progressAt = now;
    this.lags.set(partition, lag);
  }

  /** Since when it has been out of the group; null while it is in it. */
  brokenSince(): number | null {
    return this.crashedAt;
  }

  isStalled(now: number): boolean {
    const waiting = [...this.lags.values()].some((lag) => lag > 0);
    return waiting && this.progressAt !== null && now - this.progressAt > stalledAfterMs;
  }
}
