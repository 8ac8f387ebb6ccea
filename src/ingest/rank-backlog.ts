import type { DataSource } from 'typeorm';

/** The count is asked for at most so often: a second of tickets more or less does not matter. */
const askEveryMs = 1_000;
/** Reading goes on once the backlog has fallen to this share, so that it does not stop and go with every ticket. */
const resumeAt = 0.8;

/** Whether more new tickets wait to be ranked than reading should add to. Background rankings do not count. */
export class RankBacklog {
  private full = false;
  private askedAt = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    private readonly limit: number,
  ) {}

  async isFull(): Promise<boolean> {
    const now = performance.now();
    if (now - this.askedAt < askEveryMs) return this.full;
    this.askedAt = now;
    const bound = this.full ? Math.floor(this.limit * resumeAt) : this.limit;
    const [row]: { n: number }[] = await this.dataSource.query(
      'SELECT count(*)::int AS n FROM (SELECT 1 FROM rank_requests WHERE priority = 0 LIMIT $1) AS waiting',
      [bound + 1],
    );
    this.full = (row?.n ?? 0) > bound;
    return this.full;
  }
}
