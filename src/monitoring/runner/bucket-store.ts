/** Buckets and the state of a watch in the database. All of it belongs into the transaction of one bucket. */
import type { EntityManager } from 'typeorm';
import type { Fold } from './bucket-folding.js';
import { foldsOf, type BucketSpan } from './bucket-folding.js';
import type { Watched } from '../observations/observation-rows.js';
import type { StandingAlarm } from '../detection/active-alarm.js';

/** The version and stream whose time is next to be counted, and since when; null where nothing is complete. */
export async function nextToCount(manager: EntityManager, before: Date): Promise<(Watched & { at: Date }) | null> {
  const [row]: (Watched & { at: Date })[] = await manager.query(
    `SELECT model_version AS "modelVersion", stream, occurred_at AS at FROM observed_tickets
      WHERE bucket IS NULL AND occurred_at < $1 ORDER BY occurred_at, ticket LIMIT 1`,
    [before],
  );
  return row ?? null;
}

/** A version and stream that outcomes wait for and nobody has looked at for so long. */
export async function nextOutcome(manager: EntityManager, lookedBefore: Date): Promise<Watched | null> {
  const [row]: Watched[] = await manager.query(
    `SELECT o.model_version AS "modelVersion", o.stream FROM observed_tickets o
       JOIN monitor_states m ON m.model_version = o.model_version AND m.stream = o.stream
      WHERE o.outcome = 'due' AND o.bucket > 0 AND m.looked_at < $1 AND m.state IS NOT NULL LIMIT 1`,
    [lookedBefore],
  );
  return row ?? null;
}

/** What a version without a reference has ranked is not watched. */
export async function passOver(manager: EntityManager, { modelVersion, stream }: Watched, before: Date): Promise<void> {
  await manager.query(
    `UPDATE observed_tickets SET bucket = 0 WHERE bucket IS NULL AND model_version = $1 AND stream = $2 AND occurred_at < $3`,
    [modelVersion, stream, before],
  );
  await manager.query(
    `INSERT INTO monitor_states (model_version, stream) VALUES ($1, $2) ON CONFLICT (model_version, stream) DO NOTHING`,
    [modelVersion, stream],
  );
}

export interface KeptState {
  /** Number of the last bucket; 0 before the first */
  bucket: number;
  standing: StandingAlarm | null;
}

export async function keptState(manager: EntityManager, { modelVersion, stream }: Watched): Promise<KeptState> {
  const [row]: { bucket: string | null; standing: StandingAlarm | null }[] = await manager.query(
    `SELECT state ->> 'bucket' AS bucket, state -> 'standing' AS standing FROM monitor_states
      WHERE model_version = $1 AND stream = $2`,
    [modelVersion, stream],
  );
  return { bucket: Number(row?.bucket ?? 0), standing: row?.standing ?? null };
}

/** JSON of the watch; null before the first bucket. Large, and read only where no thread has it in memory. */
export async function watchState(manager: EntityManager, { modelVersion, stream }: Watched): Promise<string | null> {
  const [row]: { watch: string | null }[] = await manager.query(
    `SELECT (state -> 'watch')::text AS watch FROM monitor_states WHERE model_version = $1 AND stream = $2`,
    [modelVersion, stream],
  );
  return row?.watch ?? null;
}

export interface StateUpdate extends KeptState {
  /** JSON */
  watch: string;
  tickets: number;
  lookedAt: Date;
  findings: object[];
}

export async function storeState(manager: EntityManager, of: Watched, update: StateUpdate): Promise<void> {
  await manager.query(
    `INSERT INTO monitor_states AS m (model_version, stream, looked_at, tickets, state, findings)
     VALUES ($1, $2, $3, $4, jsonb_build_object('bucket', $5::bigint, 'standing', $6::jsonb, 'watch', $7::jsonb), $8)
     ON CONFLICT (model_version, stream) DO UPDATE SET looked_at = EXCLUDED.looked_at, tickets = m.tickets + EXCLUDED.tickets,
       state = EXCLUDED.state, findings = EXCLUDED.findings`,
    [
      of.modelVersion,
      of.stream,
      update.lookedAt,
      update.tickets,
      update.bucket,
      JSON.stringify(update.standing),
      update.watch,
      JSON.stringify(update.findings),
    ],
  );
}

export interface ClosedBucket extends Watched {
  number: number;
  from: Date;
  to: Date;
  /** Ids */
  tickets: number[];
  outcomes: number[];
  /** Tickets that came when a later time had been counted already */
  late: number;
  /** JSON */
  sums: string;
}

export async function nextNumber(manager: EntityManager): Promise<number> {
  const [row]: { number: number }[] = await manager.query(`SELECT nextval('monitor_bucket_numbers') AS number`);
  return row?.number ?? 0;
}

/** Marks what it has counted: neither a redelivery nor a replay counts it again. */
export async function storeBucket(manager: EntityManager, bucket: ClosedBucket): Promise<void> {
  const { modelVersion, stream, number, from, to, tickets, outcomes, late, sums } = bucket;
  if (tickets.length > 0) {
    await manager.query(
      `INSERT INTO monitor_buckets (number, model_version, stream, starts_at, ends_at, tickets, late, sums)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [number, modelVersion, stream, from, to, tickets.length, late, sums],
    );
    await manager.query('UPDATE observed_tickets SET bucket = $1 WHERE ticket = ANY ($2::bigint[])', [number, tickets]);
  }
  await manager.query(`UPDATE observed_tickets SET outcome = 'counted' WHERE ticket = ANY ($1::bigint[])`, [outcomes]);
}

/** End of the newest time that was counted; null before the first. */
export async function newestEnd(manager: EntityManager, { modelVersion, stream }: Watched): Promise<Date | null> {
  const [row]: { at: Date | null }[] = await manager.query(
    'SELECT max(ends_at) AS at FROM monitor_buckets WHERE model_version = $1 AND stream = $2',
    [modelVersion, stream],
  );
  return row?.at ?? null;
}

/** Sums of the newest buckets that hold `tickets` together, as JSON each. */
export async function newestWindows(
  manager: EntityManager,
  { modelVersion, stream, tickets }: Watched & { tickets: number },
): Promise<string[]> {
  const rows: { sums: string }[] = await manager.query(
    `SELECT sums::text AS sums FROM (
       SELECT sums, sum(tickets) OVER (ORDER BY ends_at DESC, number DESC) - tickets AS newer
         FROM monitor_buckets WHERE model_version = $1 AND stream = $2) AS b WHERE newer < $3`,
    [modelVersion, stream, tickets],
  );
  return rows.map(({ sums }) => sums);
}

/** The next old buckets that become one, with their sums as JSON; null where there are none. */
export async function nextFold(
  manager: EntityManager,
  { modelVersion, stream }: Watched,
): Promise<(Fold & { windows: string[] }) | null> {
  const spans: BucketSpan[] = await manager.query(
    `SELECT number, level, starts_at AS "startsAt", ends_at AS "endsAt" FROM monitor_buckets
      WHERE model_version = $1 AND stream = $2`,
    [modelVersion, stream],
  );
  const [fold] = foldsOf(spans);
  if (!fold) return null;
  const rows: { sums: string }[] = await manager.query(
    'SELECT sums::text AS sums FROM monitor_buckets WHERE number = ANY ($1::bigint[]) ORDER BY number',
    [fold.numbers],
  );
  return { ...fold, windows: rows.map(({ sums }) => sums) };
}

export async function storeFold(manager: EntityManager, fold: Fold, sums: string): Promise<void> {
  await manager.query(
    `WITH old AS (DELETE FROM monitor_buckets WHERE number = ANY ($1::bigint[]) RETURNING *)
     INSERT INTO monitor_buckets (model_version, stream, starts_at, ends_at, level, tickets, late, sums)
     SELECT min(model_version), min(stream), $2, $3, $4, sum(tickets), sum(late), $5 FROM old`,
    [fold.numbers, fold.startsAt, fold.endsAt, fold.level, sums],
  );
}
