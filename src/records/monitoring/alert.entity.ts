import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { Stream } from '../tickets/observed-ticket.entity.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';

/** A statement of evidence about signals, one for each cause, with a proposed action, an owner and a state. */
@Entity('alerts')
export class Alert {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('text', { name: 'model_version' }) modelVersion: string;
  @Column('text') stream: Stream;
  /** Kind of the cause and what it is about, `field-gone:country`. */
  @Column('text') cause: string;
  @Column('text') state: 'open' | 'acknowledged' | 'snoozed' | 'closed';
  /** Whether the last look still saw the cause. */
  @Column('boolean') active: boolean;
  /** What is proposed to be done. */
  @Column('text') action: string;
  /** One sentence. */
  @Column('text') headline: string;
  /** The headline as data, so that a page can say it in its reader's language. */
  @Column('jsonb', { nullable: true }) message: LocalizedMessage | null;
  @Column('text', { nullable: true }) owner: string | null;
  /** Why it was put off or closed. */
  @Column('text', { nullable: true }) reason: string | null;
  /** The reason as data where the monitor gave it. */
  @Column('jsonb', { name: 'reason_message', nullable: true }) reasonMessage: LocalizedMessage | null;
  @Column('timestamptz', { name: 'snoozed_until', nullable: true }) snoozedUntil: Date | null;
  @Column('timestamptz', { name: 'opened_at' }) openedAt: Date;
  @Column('timestamptz', { name: 'seen_at' }) seenAt: Date;
  @Column('timestamptz', { name: 'closed_at', nullable: true }) closedAt: Date | null;
  /** What the tests said when it was seen last. */
  @Column('jsonb') findings: object[];
  /** What moved, for whom and what it costs; the example tickets are rows of `alert_examples`. */
  @Column('jsonb') evidence: object;
}
