import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const runTriggers = ['schedule', 'decision', 'person', 'first'] as const;
export const runStates = ['queued', 'running', 'rollout', 'promoted', 'rejected', 'failed', 'cancelled'] as const;
export type RunState = (typeof runStates)[number];

/** A training of a challenger and its outcome. At most one is queued or running, whatever the number of replicas. */
@Entity('training_runs')
export class TrainingRun {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('text') trigger: (typeof runTriggers)[number];
  /** Who asked for it */
  @Column('text', { name: 'requested_by' }) requestedBy: string;
  /** Of a run that a retrain decision has started */
  @Column('bigint', { nullable: true }) decision: number | null;
  /** `rollout`: passed the gates and runs as shadow or canary before promotion. */
  @Column('text') state: RunState;
  /** What it does now, and how much of that is done, 0–1 */
  @Column('text', { nullable: true }) phase: string | null;
  @Column('real', { nullable: true }) progress: number | null;
  @Column('text', { nullable: true }) note: string | null;
  /** Seed, fields, labels used and left out, where the held-out part begins */
  @Column('jsonb') arguments: object;
  /** Loss by step of each fit, of the challenger */
  @Column('jsonb') curves: object[];
  @Column('text', { nullable: true }) challenger: string | null;
  @Column('text', { nullable: true }) champion: string | null;
  /** Held-out tickets are later than this one. */
  @Column('jsonb', { name: 'held_out_from', nullable: true }) heldOutFrom: { at: number; ticket: number } | null;
  @Column('jsonb', { nullable: true }) comparison: object | null;
  @Column('jsonb', { nullable: true }) verdict: object | null;
  /** Why there is no verdict */
  @Column('text', { nullable: true }) error: string | null;
  /** The replica that works on it, while its lease lasts */
  @Column('text', { nullable: true }) runner: string | null;
  @Column('timestamptz', { name: 'lease_until', nullable: true }) leaseUntil: Date | null;
  @Column('integer') attempts: number;
  @Column('boolean', { name: 'cancel_requested' }) cancelRequested: boolean;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt: Date | null;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt: Date | null;
}
