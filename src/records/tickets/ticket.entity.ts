import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/**
 * What a customer wrote, as its newest snapshot says. Known outside by `source` and `ticketId`, inside by `id`.
 * Open until `closedAt` or `answeredAt` is set. Subject, body and fields are stored redacted.
 */
@Entity('tickets')
export class Ticket {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('text') source: string;
  @Column('text', { name: 'ticket_id' }) ticketId: string;
  @Column('text') subject: string;
  @Column('text') body: string;
  @Column('text', { nullable: true }) channel: string | null;
  @Column('text', { nullable: true }) language: string | null;
  @Column('text', { name: 'contact_type', nullable: true }) contactType: string | null;
  /** Flat; dotted keys. `customer.*` fills placeholders and is never a feature. */
  @Column('jsonb') fields: Record<string, string | number | boolean | null>;
  /** `occurredAt` of the snapshot that subject, body and fields come from; null while only a `closed` without text came. */
  @Column('timestamptz', { name: 'content_at', nullable: true }) contentAt: Date | null;
  /** `occurredAt` of the newest message, which says whether the ticket is closed. */
  @Column('timestamptz', { name: 'state_at' }) stateAt: Date;
  @Column('timestamptz', { name: 'received_at' }) receivedAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
  @Column('timestamptz', { name: 'closed_at', nullable: true }) closedAt: Date | null;
  /** Time of the effective choice. */
  @Column('timestamptz', { name: 'answered_at', nullable: true }) answeredAt: Date | null;
  /** Drawn once, when the ticket is first stored: no suggestion is shown, so that the label is unbiased. */
  @Column('boolean') audit: boolean;
  /** Came with the sample; what is chosen on it never trains a model whose test figure is reported. */
  @Column('boolean') sample: boolean;
}
