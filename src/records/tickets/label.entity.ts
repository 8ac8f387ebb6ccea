import { Column, Entity, PrimaryColumn } from 'typeorm';

export const provenances = ['choice', 'history', 'correction', 'audit'] as const;
export type Provenance = (typeof provenances)[number];

/** The template that counts as right for a ticket: derived from its choices, or imported. One a ticket. */
@Entity('labels')
export class Label {
  @PrimaryColumn('bigint', { name: 'ticket' }) ticket: number;
  /** null: no template fits. */
  @Column('text', { name: 'template_id', nullable: true }) templateId: string | null;
  @Column('text') provenance: Provenance;
  /** The effective choice; null for history. */
  @Column('bigint', { nullable: true }) choice: number | null;
  /** Where the template stood before the agent, from 1; null where it was not shown. */
  @Column('integer', { nullable: true }) position: number | null;
  /** Probability of having been shown there; null where unknown. */
  @Column('real', { name: 'shown_probability', nullable: true }) shownProbability: number | null;
  @Column('timestamptz', { name: 'labelled_at' }) labelledAt: Date;
}
