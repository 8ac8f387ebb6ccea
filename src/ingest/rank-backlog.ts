import type { DataSource } from 'typeorm';

/** Minimum time between two counts: a second of tickets does not matter. */
const refreshIntervalMs = 1_000;
/** Consumption resumes at this share of the limit, so that it does not pause and resume with every ticket. */
const resumeShare = 0.8;

/** Whether too many new tickets wait to be ranked. Background rankings do not count. */
export class RankBacklog {
  private full = false;
  private refreshedAt = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    private readonly limit: number,
  ) {}

  async isFull(): Promise<boolean> {
    const now = performance.now();
    if (now - this.refreshedAt < refreshIntervalMs) return this.full;
    this.refreshedAt = now;
    const bound = this.full ? Math.floor(this.limit * resumeShare) : this.limit;
    const [row]: { n: number }[] = await this.dataSource.query(
      'SELECT count(*)::int AS n FROM (SELECT 1 FROM rank_requests WHERE priority = 0 LIMIT $1) AS waiting',
      [bound + 1],
    );
    this.full = (row?.n ?? 0) > bound;
    return this.full;
  }
}
