import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What one model version said of one ticket. Immutable; a later one has a higher revision.
 * Whether anything may be shown is in `abstained`; `ranking` keeps what the model said even then, and stays inside.
 */
@Entity('suggestions')
export class Suggestion {
  @PrimaryColumn('uuid') id: string;
  @Column('bigint', { name: 'ticket' }) ticket: number;
  @Column('integer') revision: number;
  @Column('text', { name: 'model_version' }) modelVersion: string;
  @Column('boolean') abstained: boolean;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('text', { name: 'contact_type', nullable: true }) contactType: string | null;
  @Column('real', { name: 'contact_type_probability', nullable: true }) contactTypeProbability: number | null;
  /** The best ten, best first, with calibrated probabilities 0–1. */
  @Column('jsonb') ranking: { templateId: string; probability: number }[];
  /** Probability that the ranking was shown in this order: 1 − the audit share, on an audit ticket 0. */
  @Column('real', { name: 'shown_probability' }) shownProbability: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
