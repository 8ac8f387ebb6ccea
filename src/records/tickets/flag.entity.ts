import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const flagReasons = ['wrong', 'outdated', 'sensitive', 'unclear', 'typo'] as const;
export type FlagReason = (typeof flagReasons)[number];

/** An agent found something wrong with a template, on a ticket. */
@Entity('flags')
export class Flag {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('bigint') ticket: number;
  /** Chosen by the client, so that a retry is harmless */
  @Column('text', { name: 'flag_id' }) flagId: string;
  @Column('text', { name: 'template_id' }) templateId: string;
  @Column('text') reason: FlagReason;
  /** What the agent said of it, redacted */
  @Column('text', { nullable: true }) note: string | null;
  @Column('text') agent: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
