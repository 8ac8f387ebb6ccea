import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { Stream } from '../tickets/observed-ticket.entity.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';

/** What was decided after a look, also that nothing is to be done. */
@Entity('retrain_decisions')
export class RetrainDecisionRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('timestamptz', { name: 'decided_at' }) decidedAt: Date;
  @Column('text', { name: 'model_version' }) modelVersion: string;
  @Column('text') stream: Stream;
  @Column('text') action: 'repair' | 'reweight' | 'record' | 'label-first' | 'retrain' | 'none';
  @Column('jsonb') reasons: string[];
  /** The same as data; null where an older version has stored the reason. */
  @Column('jsonb') messages: (LocalizedMessage | null)[];
  /** `monitor`, `schedule`, or the person who decided. */
  @Column('text', { name: 'requested_by' }) requestedBy: string;
  @Column('bigint', { nullable: true }) alert: number | null;
  /** The figures that it rests on. */
  @Column('jsonb') detail: object;
}
