import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Sample tickets are monitored as a stream of their own. */
export const streams = ['tickets', 'sample'] as const;
export type Stream = (typeof streams)[number];

/**
 * What the first suggestion of a ticket said, where `suggestions` does not hold it: the row by which the monitor counts each
 * ticket once. Made in the transaction that stores the suggestion.
 */
@Entity('observed_tickets')
export class ObservedTicket {
  @PrimaryColumn('bigint', { name: 'ticket' }) ticket: number;
  @Column('text', { name: 'model_version' }) modelVersion: string;
  @Column('text') stream: Stream;
  /** When the customer wrote it; never later than it was taken in. */
  @Column('timestamptz', { name: 'occurred_at' }) occurredAt: Date;
  /** What the model said; an audit ticket is none. */
  @Column('boolean') abstained: boolean;
  @Column('text', { nullable: true }) reason: string | null;
  /** Of all candidates' probabilities, nats. */
  @Column('double precision', { nullable: true }) entropy: number | null;
  @Column('integer') words: number;
  /** Share of the words that the model's vocabulary does not have, 0–1. */
  @Column('double precision', { name: 'unknown_share', nullable: true }) unknownShare: number | null;
  /** By which copies are known: what stands before a `~` is the same of tickets that say nearly the same. */
  @Column('text') fingerprint: string;
  /** The best ten before class weights, where there were any: what the reference can be compared with. */
  @Column('jsonb', { nullable: true }) unweighted: { templateId: string; probability: number }[] | null;
  /** Monitor window that counted it; null while it waits, 0 where its model has no drift reference. */
  @Column('bigint', { name: 'window_id', nullable: true }) windowId: number | null;
  /** `due` once a choice has made a label of it, `counted` when the monitor has seen that. */
  @Column('text', { nullable: true }) outcome: 'due' | 'counted' | null;
}
