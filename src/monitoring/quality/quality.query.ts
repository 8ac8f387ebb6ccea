import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import type { Stream } from '../../records/tickets/observed-ticket.entity.js';
import {
  poissonInterval,
  meanInterval,
  quantileBounds,
  proportionInterval,
  type MeanSums,
} from '../../statistics/intervals.js';
import { estimateSchema, stream } from '../monitor.schema.js';

const measuredSchema = estimateSchema.extend({ of: z.number().int() }).nullable();
const periodSchema = z.object({
  from: z.string(),
  to: z.string(),
  tickets: z.number().int(),
  /** The tickets, as a count of what happens by chance */
  volume: measuredSchema,
  /** 95th percentile of the time from a ticket's arrival to its first suggestion, s */
  lag: measuredSchema,
  /** Share of tickets with at least one suggestion */
  coverage: measuredSchema,
  /** Share of choices after a suggestion that used the first one */
  acceptance: measuredSchema,
  /** Top-3 accuracy on new labels */
  hits3: measuredSchema,
  /** Top-1 accuracy on audit labels, which no suggestion influenced */
  auditAccuracy: measuredSchema,
  /** Calibration gap on audit labels: accuracy minus confidence; 0 is calibrated */
  calibration: measuredSchema,
});
export const qualitySchema = z
  .object({
    stream,
    now: periodSchema,
    before: periodSchema,
    /** Top-1 accuracy estimated from the model's confidence, without labels */
    estimatedAccuracy: estimateSchema.nullable(),
    /** The same before the period */
    estimatedAccuracyBefore: estimateSchema.nullable(),
  })
  .meta({ id: 'Quality' });
type Quality = z.infer<typeof qualitySchema>;
type Period = z.infer<typeof periodSchema>;

const lagShare = 0.95;

const hits = (column: string, condition: string): string =>
  `count(*) FILTER (WHERE ${condition} AND ${column})::int AS "${column}Hits",
   count(*) FILTER (WHERE ${condition})::int AS "${column}Of"`;

interface Sums {
  tickets: number;
  coveredHits: number;
  coveredOf: number;
  acceptedHits: number;
  acceptedOf: number;
  threeHits: number;
  threeOf: number;
  auditHits: number;
  auditOf: number;
  gap: MeanSums;
}

/** Quality of the suggestions by agents' choices; each figure with its 95 % interval. */
@Injectable()
export class QualityQuery {
  constructor(private readonly dataSource: DataSource) {}

  /** The last `days` days, and as many before. Only first suggestions count, and each ticket once. */
  async quality(of: Stream, days: number, now: Date): Promise<Quality> {
    const start = daysBefore(now, days);
    return {
      stream: of,
      now: await this.period(of, start, now),
      before: await this.period(of, daysBefore(start, days), start),
      estimatedAccuracy: await this.estimatedAccuracy(of, now),
      estimatedAccuracyBefore: await this.estimatedAccuracy(of, start),
    };
  }

  private async period(of: Stream, from: Date, to: Date): Promise<Period> {
    const [sums]: Sums[] = await this.dataSource.query(
      `SELECT count(*)::int AS tickets, ${hits('covered', 'true')}, ${hits('accepted', `provenance = 'choice' AND shown`)},
              ${hits('three', 'labelled')}, ${hits('audit', `labelled AND provenance = 'audit'`)},
              jsonb_build_object('of', count(gap), 'sum', coalesce(sum(gap), 0), 'squares', coalesce(sum(gap * gap), 0)) AS gap
         FROM (
           SELECT NOT o.abstained AS covered, l.provenance, NOT o.abstained AND coalesce(l.shown_probability, 1) <> 0 AS shown,
                  coalesce(l.position = 1, false) AS accepted,
                  l.template_id IS NOT NULL AND jsonb_array_length(s.ranking) > 0 AND l.provenance <> 'history' AS labelled,
                  coalesce(jsonb_path_query_array(s.ranking, '$[0 to 2].templateId') ? l.template_id, false) AS three,
                  s.ranking #>> '{0,templateId}' IS NOT DISTINCT FROM l.template_id AS audit,
                  CASE WHEN l.provenance = 'audit' AND l.template_id IS NOT NULL THEN
                    (s.ranking #>> '{0,templateId}' = l.template_id)::int - (s.ranking #>> '{0,probability}')::float8 END AS gap
             FROM observed_tickets o
             JOIN suggestions s ON s.ticket = o.ticket AND s.revision = 1
             LEFT JOIN labels l ON l.ticket = o.ticket
            WHERE o.stream = $1 AND o.occurred_at >= $2 AND o.occurred_at < $3) AS each`,
      [of, from, to],
    );
    if (!sums) throw new Error('a count has one row');
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      tickets: sums.tickets,
      volume: poissonInterval(sums.tickets),
      lag: await this.lag(of, from, to, sums.tickets),
      coverage: proportionInterval(sums.coveredHits, sums.coveredOf),
      acceptance: proportionInterval(sums.acceptedHits, sums.acceptedOf),
      hits3: proportionInterval(sums.threeHits, sums.threeOf),
      auditAccuracy: proportionInterval(sums.auditHits, sums.auditOf),
      calibration: meanInterval(sums.gap),
    };
  }

  private async lag(of: Stream, from: Date, to: Date, tickets: number): Promise<Period['lag']> {
    if (tickets === 0) return null;
    const [row]: { seconds: [number, number, number] | null }[] = await this.dataSource.query(
      `SELECT percentile_cont($4::float8[]) WITHIN GROUP (ORDER BY extract(epoch FROM s.created_at - t.received_at)) AS seconds
         FROM observed_tickets o
         JOIN suggestions s ON s.ticket = o.ticket AND s.revision = 1
         JOIN tickets t ON t.id = o.ticket
        WHERE o.stream = $1 AND o.occurred_at >= $2 AND o.occurred_at < $3`,
      [of, from, to, [lagShare, ...quantileBounds(lagShare, tickets)]],
    );
    if (!row?.seconds) return null;
    const [value, low, high] = row.seconds;
    return { value, low, high, of: tickets };
  }

  private async estimatedAccuracy(of: Stream, until: Date): Promise<Quality['estimatedAccuracy']> {
    const [row]: { estimate: Quality['estimatedAccuracy'] }[] = await this.dataSource.query(
      `SELECT detail -> 'estimatedAccuracy' AS estimate FROM retrain_decisions
        WHERE stream = $1 AND requested_by = 'monitor' AND decided_at <= $2 ORDER BY id DESC LIMIT 1`,
      [of, until],
    );
    return row?.estimate ?? null;
  }
}

const daysBefore = (moment: Date, days: number): Date => new Date(moment.getTime() - days * 86_400_000);
