import { Column, Entity, PrimaryColumn } from 'typeorm';

export const rankReasons = ['arrived', 'updated', 'template', 'model'] as const;
export type RankReason = (typeof rankReasons)[number];

/**
 * A ticket that has to be ranked. The row is made in the transaction that makes ranking necessary and deleted in the
 * one that stores the suggestion, so no crash in between can lose a ranking.
 */
@Entity('rank_requests')
export class RankRequest {
  @PrimaryColumn('bigint', { name: 'ticket' }) ticket: number;
  /** Grows whenever ranking is asked for again; a ranking of an older generation is thrown away. */
  @Column('integer') generation: number;
  @Column('text') reason: RankReason;
  /** 0 new or updated tickets, 1 background. */
  @Column('smallint') priority: number;
  @Column('timestamptz', { name: 'requested_at' }) requestedAt: Date;
  /** Not before then: now for a fresh request, the end of the lease while a process ranks it, a back-off after a failure. */
  @Column('timestamptz', { name: 'due_at' }) dueAt: Date;
}
