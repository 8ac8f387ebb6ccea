/** Windows and the monitor's state in the database. All of it belongs to the transaction of one tick. */
import type { EntityManager } from 'typeorm';
import type { ActiveAlarm } from '../detection/active-alarm.js';
import type { StreamKey } from '../observations/observation-rows.js';
import { planCompactions, type Compaction, type WindowSpan } from './window-compaction.js';

/** The oldest ticket in a closed window; null where none waits. */
export async function findOldestUncounted(
  manager: EntityManager,
  watermark: Date,
): Promise<(StreamKey & { occurredAt: Date }) | null> {
  const [row]: (StreamKey & { occurredAt: Date })[] = await manager.query(
    `SELECT model_version AS "modelVersion", stream, occurred_at AS "occurredAt" FROM observed_tickets
      WHERE window_id IS NULL AND occurred_at < $1 ORDER BY occurred_at, ticket LIMIT 1`,
    [watermark],
  );
  return row ?? null;
}

/** A stream with new outcomes that was not evaluated since. */
export async function findDueOutcomes(manager: EntityManager, evaluatedBefore: Date): Promise<StreamKey | null> {
  const [row]: StreamKey[] = await manager.query(
    `SELECT o.model_version AS "modelVersion", o.stream FROM observed_tickets o
       JOIN monitor_states m ON m.model_version = o.model_version AND m.stream = o.stream
      WHERE o.outcome = 'due' AND o.window_id > 0 AND m.evaluated_at < $1 AND m.state IS NOT NULL LIMIT 1`,
    [evaluatedBefore],
  );
  return row ?? null;
}

/** Tickets that were ranked by a version without a drift reference are not monitored. */
export async function skipUnmonitored(
  manager: EntityManager,
  { modelVersion, stream }: StreamKey,
  watermark: Date,
): Promise<void> {
  await manager.query(
    `UPDATE observed_tickets SET window_id = 0
      WHERE window_id IS NULL AND model_version = $1 AND stream = $2 AND occurred_at < $3`,
    [modelVersion, stream, watermark],
  );
  await manager.query(
    `INSERT INTO monitor_states (model_version, stream) VALUES ($1, $2) ON CONFLICT (model_version, stream) DO NOTHING`,
    [modelVersion, stream],
  );
}

export interface MonitorState {
  /** Of the last window; 0 before the first */
  windowId: number;
  activeAlarm: ActiveAlarm | null;
}

export async function loadState(manager: EntityManager, { modelVersion, stream }: StreamKey): Promise<MonitorState> {
  const [row]: { windowId: string | null; activeAlarm: ActiveAlarm | null }[] = await manager.query(
    `SELECT state ->> 'windowId' AS "windowId", state -> 'activeAlarm' AS "activeAlarm" FROM monitor_states
      WHERE model_version = $1 AND stream = $2`,
    [modelVersion, stream],
  );
  return { windowId: Number(row?.windowId ?? 0), activeAlarm: row?.activeAlarm ?? null };
}

/** As JSON; null before the first window. Large, and read only where no thread has it in memory. */
export async function loadDetectorState(
  manager: EntityManager,
  { modelVersion, stream }: StreamKey,
): Promise<string | null> {
  const [row]: { detectors: string | null }[] = await manager.query(
    `SELECT (state -> 'detectors')::text AS detectors FROM monitor_states WHERE model_version = $1 AND stream = $2`,
    [modelVersion, stream],
  );
  return row?.detectors ?? null;
}

export interface StateUpdate extends MonitorState {
  /** JSON */
  detectors: string;
  tickets: number;
  evaluatedAt: Date;
  findings: object[];
}

export async function storeState(
  manager: EntityManager,
  { modelVersion, stream }: StreamKey,
  update: StateUpdate,
): Promise<void> {
  await manager.query(
    `INSERT INTO monitor_states AS m (model_version, stream, evaluated_at, tickets, state, findings)
     VALUES ($1, $2, $3, $4,
       jsonb_build_object('windowId', $5::bigint, 'activeAlarm', $6::jsonb, 'detectors', $7::jsonb), $8)
     ON CONFLICT (model_version, stream) DO UPDATE SET evaluated_at = EXCLUDED.evaluated_at,
       tickets = m.tickets + EXCLUDED.tickets, state = EXCLUDED.state, findings = EXCLUDED.findings`,
    [
      modelVersion,
      stream,
      update.evaluatedAt,
      update.tickets,
      update.windowId,
      JSON.stringify(update.activeAlarm),
      update.detectors,
      JSON.stringify(update.findings),
    ],
  );
}

export async function storeReadings(
  manager: EntityManager,
  { modelVersion, stream, at, readings }: StreamKey & { at: Date; readings: object[] },
): Promise<void> {
  await manager.query(
    `INSERT INTO monitor_readings (model_version, stream, at, readings) VALUES ($1, $2, $3, $4)
     ON CONFLICT (model_version, stream, at) DO UPDATE SET readings = EXCLUDED.readings`,
    [modelVersion, stream, at, JSON.stringify(readings)],
  );
}

export async function nextWindowId(manager: EntityManager): Promise<number> {
  const [row]: { id: number }[] = await manager.query(`SELECT nextval('monitor_window_ids') AS id`);
  return row?.id ?? 0;
}

export interface CountedWindow extends StreamKey {
  id: number;
  from: Date;
  to: Date;
  /** Ids */
  tickets: number[];
  outcomes: number[];
  /** Tickets that came after a later window was counted */
  late: number;
  /** JSON */
  sample: string;
}

/** Marks what it has counted: neither a redelivery nor a replay counts it again. */
export async function storeWindow(manager: EntityManager, window: CountedWindow): Promise<void> {
  const { modelVersion, stream, id, from, to, tickets, outcomes, late, sample } = window;
  if (tickets.length > 0) {
    await manager.query(
      `INSERT INTO monitor_windows (id, model_version, stream, starts_at, ends_at, tickets, late, sample)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, modelVersion, stream, from, to, tickets.length, late, sample],
    );
    await manager.query('UPDATE observed_tickets SET window_id = $1 WHERE ticket = ANY ($2::bigint[])', [id, tickets]);
  }
  await manager.query(`UPDATE observed_tickets SET outcome = 'counted' WHERE ticket = ANY ($1::bigint[])`, [outcomes]);
}

/** End of the newest window; null before the first. */
export async function loadNewestEnd(manager: EntityManager, { modelVersion, stream }: StreamKey): Promise<Date | null> {
  const [row]: { at: Date | null }[] = await manager.query(
    'SELECT max(ends_at) AS at FROM monitor_windows WHERE model_version = $1 AND stream = $2',
    [modelVersion, stream],
  );
  return row?.at ?? null;
}

/** Samples of the newest windows that hold `tickets` together, as JSON each. */
export async function loadNewestSamples(
  manager: EntityManager,
  { modelVersion, stream, tickets }: StreamKey & { tickets: number },
): Promise<string[]> {
  const rows: { sample: string }[] = await manager.query(
    `SELECT sample::text AS sample FROM (
       SELECT sample, sum(tickets) OVER (ORDER BY ends_at DESC, id DESC) - tickets AS newer
         FROM monitor_windows WHERE model_version = $1 AND stream = $2) AS w WHERE newer < $3`,
    [modelVersion, stream, tickets],
  );
  return rows.map(({ sample }) => sample);
}

/** The next old windows to merge, with their samples as JSON; null where there are none. */
export async function findCompaction(
  manager: EntityManager,
  { modelVersion, stream }: StreamKey,
): Promise<(Compaction & { samples: string[] }) | null> {
  const spans: WindowSpan[] = await manager.query(
    `SELECT id, level, starts_at AS "startsAt", ends_at AS "endsAt" FROM monitor_windows
      WHERE model_version = $1 AND stream = $2`,
    [modelVersion, stream],
  );
  const [compaction] = planCompactions(spans);
  if (!compaction) return null;
  const rows: { sample: string }[] = await manager.query(
    'SELECT sample::text AS sample FROM monitor_windows WHERE id = ANY ($1::bigint[]) ORDER BY id',
    [compaction.ids],
  );
  return { ...compaction, samples: rows.map(({ sample }) => sample) };
}

export async function storeCompaction(manager: EntityManager, compaction: Compaction, sample: string): Promise<void> {
  const { ids, startsAt, endsAt, level } = compaction;
  await manager.query(
    `WITH old AS (DELETE FROM monitor_windows WHERE id = ANY ($1::bigint[]) RETURNING *)
     INSERT INTO monitor_windows (model_version, stream, starts_at, ends_at, level, tickets, late, sample)
     SELECT min(model_version), min(stream), $2, $3, $4, sum(tickets), sum(late), $5 FROM old`,
    [ids, startsAt, endsAt, level, sample],
  );
}
