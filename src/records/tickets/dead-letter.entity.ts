import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A message that could not be read, with its original bytes, kept for a short time only. */
@Entity('dead_letters')
export class DeadLetter {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('text') topic: string;
  @Column('integer') partition: number;
  @Column('bigint') offset: number;
  @Column('bytea', { nullable: true }) key: Buffer | null;
  @Column('bytea', { nullable: true }) value: Buffer | null;
  @Column('jsonb') headers: Record<string, string>;
  /** A short code such as `not-json`, counted in the metrics. */
  @Column('text') reason: string;
  /** One sentence that names the field and what was wrong with it; holds no text of the ticket. */
  @Column('text') detail: string;
  @Column('timestamptz', { name: 'received_at' }) receivedAt: Date;
  @Column('timestamptz', { name: 'replayed_at', nullable: true }) replayedAt: Date | null;
}
