import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const outcomes = ['used', 'edited', 'other-template', 'own-reply', 'none-fits'] as const;
export type Outcome = (typeof outcomes)[number];

/** What an agent did with a suggestion. Only ever added; has no foreign key because it may come before its ticket. */
@Entity('choices')
export class Choice {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('text') source: string;
  @Column('text', { name: 'ticket_id' }) ticketId: string;
  @Column('text', { name: 'choice_id' }) choiceId: string;
  @Column('text') agent: string;
  @Column('timestamptz', { name: 'occurred_at' }) occurredAt: Date;
  @Column('text') outcome: Outcome;
  @Column('text', { name: 'template_id', nullable: true }) templateId: string | null;
  @Column('text', { name: 'suggestion_id', nullable: true }) suggestionId: string | null;
  /** Template ids in the order in which they stood before the agent; null where the helpdesk did not say. */
  @Column('jsonb', { nullable: true }) shown: string[] | null;
  /** `choiceId` of the choice that this one undoes. */
  @Column('text', { nullable: true }) retracts: string | null;
  @Column('text') via: 'http' | 'kafka';
  @Column('timestamptz', { name: 'received_at' }) receivedAt: Date;
}
