import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { Alias } from './model-alias.entity.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';

/** One move of an alias, for its history. */
@Entity('model_alias_moves')
export class ModelAliasMove {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('text') alias: Alias;
  @Column('text') version: string;
  @Column('text') actor: string;
  @Column('text', { nullable: true }) reason: string | null;
  /** The reason as data, so that a page can say it in its reader's language. */
  @Column('jsonb', { nullable: true }) message: LocalizedMessage | null;
  @Column('timestamptz', { name: 'moved_at' }) movedAt: Date;
}
