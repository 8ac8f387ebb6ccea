import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Weights of classes that a decision has put into service; they count while `endedAt` is null. */
@Entity('reweightings')
export class Reweighting {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('text', { name: 'model_version' }) modelVersion: string;
  @Column('bigint') decision: number;
  /** By template: its share among the tickets now, divided by its share in training. */
  @Column('jsonb') weights: Record<string, number>;
  @Column('timestamptz', { name: 'started_at' }) startedAt: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt: Date | null;
  @Column('text', { name: 'ended_by', nullable: true }) endedBy: string | null;
}
