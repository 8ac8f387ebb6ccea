import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/**
 * A message to be published, written in the transaction of what it tells, deleted once the broker has it.
 * Rows of one key are made under that ticket's row lock, so their ids are in the order of their commits.
 */
@Entity('outbox')
export class OutboxMessage {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('text') topic: string;
  @Column('bytea', { nullable: true }) key: Buffer | null;
  /** Hash of the key modulo the number of ranges: one relay at a time serves a range. */
  @Column('smallint', { name: 'key_range' }) keyRange: number;
  @Column('jsonb') headers: Record<string, string>;
  @Column('bytea', { nullable: true }) value: Buffer | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
