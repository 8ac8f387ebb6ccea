import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Who changed what, when. Holds no text of a ticket. */
@Entity('audit_log')
export class AuditEntry {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('timestamptz') at: Date;
  @Column('text') actor: string;
  @Column('text') action: string;
  @Column('text') target: string;
  @Column('jsonb') detail: object;
}
