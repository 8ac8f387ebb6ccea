import { Column, Entity, PrimaryColumn } from 'typeorm';

export const aliases = ['champion', 'challenger'] as const;
export type Alias = (typeof aliases)[number];

/** Which version an alias names now. The service ranks with `champion`. */
@Entity('model_aliases')
export class ModelAlias {
  @PrimaryColumn('text') alias: Alias;
  @Column('text') version: string;
  @Column('timestamptz', { name: 'moved_at' }) movedAt: Date;
}
