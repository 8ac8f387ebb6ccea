/** Without progress for so long, with messages waiting and nothing that explains it, a consumer is stalled. */
const stalledAfterMs = 60_000;

/** What is known of a consumer, for readiness. Times are ms since 1970. */
export class ConsumerHealth {
  private isMember = false;
  private endedAt: number | null = null;
  private progressAt: number | null = null;
  private readonly lags = new Map<string, number>();

  /** @param restarts whether it tries again by itself: a broker that is away comes back, a fault of ours does not */
  crashed(now: number, restarts: boolean): void {
    this.isMember = false;
    if (!restarts) this.endedAt ??= now;
  }

  joined(): void {
    this.isMember = true;
    this.endedAt = null;
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

  /** Whether it is a member of its group, and so gets messages. */
  isReading(): boolean {
    return this.isMember;
  }

  /** Since when it has been over for good; null while it reads or tries to. */
  endedSince(): number | null {
    return this.endedAt;
  }

  isStalled(now: number): boolean {
    const waiting = [...this.lags.values()].some((lag) => lag > 0);
    return waiting && this.progressAt !== null && now - this.progressAt > stalledAfterMs;
  }
}
