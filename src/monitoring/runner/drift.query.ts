import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import type { Stream } from '../../records/tickets/observed-ticket.entity.js';
import { loadServingVersion } from '../decisions/decision-store.js';
import { date } from '../../http/date-schema.js';
import { findingSchema, stream } from '../monitor.schema.js';
import { type ReweightingAnswer } from '../decisions/decisions.schema.js';
import { reweightingSchema } from '../decisions/decisions.schema.js';

const readingSchema = z.object({
  at: date,
  statistic: z.number(),
  threshold: z.number(),
  value: z.number(),
  low: z.number(),
  high: z.number(),
  alarm: z.boolean(),
});
export const driftSchema = z
  .object({
    stream,
    /** The serving version */
    modelVersion: z.string(),
    /** Null before the first evaluation of tickets that this version has ranked */
    monitor: z
      .object({ since: date, lastRunAt: date.nullable(), tickets: z.number().int(), hasReference: z.boolean() })
      .nullable(),
    /** Ranked tickets that are not counted yet */
    backlog: z.number().int(),
    alarm: z.boolean(),
    signals: z.array(findingSchema.extend({ threshold: z.number() })),
    /** Class weights in service */
    reweighting: reweightingSchema.nullable(),
    series: z.array(z.object({ signal: z.string(), points: z.array(readingSchema) })),
  })
  .meta({ id: 'Drift' });
type Drift = z.infer<typeof driftSchema>;

export interface DriftRequest {
  stream: Stream;
  /** Signals to return over time, over all tickets */
  series: string[];
  days: number;
}

/** The signals now, and over time. */
@Injectable()
export class DriftQuery {
  constructor(private readonly dataSource: DataSource) {}

  async drift({ stream: of, series, days }: DriftRequest): Promise<Drift> {
    const modelVersion = await loadServingVersion(this.dataSource.manager);
    const [state]: {
      since: Date;
      lastRunAt: Date | null;
      tickets: number;
      hasReference: boolean;
      findings: Drift['signals'];
    }[] = await this.dataSource.query(
      `SELECT started_at AS since, evaluated_at AS "lastRunAt", tickets, state IS NOT NULL AS "hasReference",
              findings
           FROM monitor_states WHERE model_version = $1 AND stream = $2`,
      [modelVersion, of],
    );
    const [backlog]: { n: number }[] = await this.dataSource.query(
      'SELECT count(*)::int AS n FROM observed_tickets WHERE window_id IS NULL AND stream = $1',
      [of],
    );
    const [reweighting]: ReweightingAnswer[] = await this.dataSource.query(
      `SELECT decision, model_version AS "modelVersion", weights, started_at AS "startedAt", ended_at AS "endedAt",
              ended_by AS "endedBy" FROM reweightings WHERE model_version = $1 AND ended_at IS NULL`,
      [modelVersion],
    );
    const { findings = [], ...monitor } = state ?? {};
    return {
      stream: of,
      modelVersion,
      monitor: state ? (monitor as Drift['monitor']) : null,
      backlog: backlog?.n ?? 0,
      alarm: findings.some(({ alarm }) => alarm),
      signals: findings,
      reweighting: reweighting ?? null,
      series: await this.series(modelVersion, of, series, days),
    };
  }

  private async series(modelVersion: string, of: Stream, names: string[], days: number): Promise<Drift['series']> {
    if (names.length === 0) return [];
    const rows: (Drift['series'][number]['points'][number] & { signal: string })[] = await this.dataSource.query(
      `SELECT r.at, x.* FROM monitor_readings r,
              jsonb_to_recordset(r.readings) AS x (signal text, statistic float8, threshold float8, value float8, low float8,
                                                   high float8, alarm boolean)
        WHERE r.model_version = $1 AND r.stream = $2 AND r.at > now() - make_interval(days => $3) AND x.signal = ANY ($4)
        ORDER BY r.at`,
      [modelVersion, of, days, names],
    );
    return names.map((name) => ({
      signal: name,
      points: rows.filter(({ signal }) => signal === name).map(({ signal, ...point }) => point),
    }));
  }
}
