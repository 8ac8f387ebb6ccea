import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { TemplateState } from './template.entity.js';

/** A template as it stood after one change. */
@Entity('template_revisions')
export class TemplateRevision {
  @PrimaryColumn('text', { name: 'template_id' }) templateId: string;
  @PrimaryColumn('integer') revision: number;
  @Column('text') title: string;
  @Column('text') body: string;
  @Column('text', { name: 'contact_types', array: true }) contactTypes: string[];
  @Column('text') state: TemplateState;
  @Column('text', { name: 'merged_into', nullable: true }) mergedInto: string | null;
  @Column('text', { name: 'changed_by' }) changedBy: string;
  @Column('timestamptz', { name: 'changed_at' }) changedAt: Date;
}
