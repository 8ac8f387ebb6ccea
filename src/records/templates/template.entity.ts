import { Column, Entity, PrimaryColumn } from 'typeorm';

export const templateStates = ['draft', 'allowed', 'blocked', 'retired'] as const;
export type TemplateState = (typeof templateStates)[number];

/** A reply that the team keeps ready. Only `allowed` ones are ranked and shown. */
@Entity('templates')
export class Template {
  @PrimaryColumn('text') id: string;
  @Column('text') title: string;
  @Column('text') body: string;
  @Column('text', { name: 'contact_types', array: true }) contactTypes: string[];
  @Column('text') state: TemplateState;
  /** The template that its labels count for; it is retired then. */
  @Column('text', { name: 'merged_into', nullable: true }) mergedInto: string | null;
  @Column('integer') revision: number;
  @Column('boolean') sample: boolean;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
}
