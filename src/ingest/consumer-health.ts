/** A consumer with lag is stalled after this time without progress. */
const stallTimeoutMs = 60_000;

/** Health of a consumer, for readiness. Times are ms since 1970. */
export class ConsumerHealth {
  private inGroup = false;
  private endedAt: number | null = null;
  private progressAt: number | null = null;
  private readonly lags = new Map<string, number>();

  /** @param restarts whether kafkajs restarts it: after an outage, but not after a programming error */
  crashed(now: number, restarts: boolean): void {
    this.inGroup = false;
    if (!restarts) this.endedAt ??= now;
  }

  joined(): void {
    this.inGroup = true;
    this.endedAt = null;
    this.lags.clear();
  }

  /** A retry after an outage is no stall. */
  retrying(): void {
    this.progressAt = Date.now();
  }

  progressed(now: number, partition: string, lag: number): void {
    this.progressAt = now;
    this.lags.set(partition, lag);
  }

  /** Whether it is a member of its group and gets messages */
  isMember(): boolean {
    return this.inGroup;
  }

  /** When it stopped without a restart; null while it runs or restarts */
  endedSince(): number | null {
    return this.endedAt;
  }

  isStalled(now: number): boolean {
    const hasLag = [...this.lags.values()].some((lag) => lag > 0);
    return hasLag && this.progressAt !== null && now - this.progressAt > stallTimeoutMs;
  }
}
