import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from './api-token.entity.js';

/**
 * A signed-in browser, or what becomes one, once: a `link` that was printed, a `hand-over` from a window to a frame. Only the
 * SHA-256 of its secret is kept.
 */
@Entity('sessions')
export class Session {
  @PrimaryColumn('bytea') hash: Buffer;
  @Column('text') kind: 'session' | 'link' | 'hand-over';
  @Column('text') name: string;
  @Column('text') role: Role;
  /** The user who signed in with a password; null for others */
  @Column('bigint', { name: 'user_id', nullable: true }) userId: number | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt: Date;
}
