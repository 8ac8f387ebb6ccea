import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { Role } from './api-token.entity.js';

/** A user who signs in with a password. OpenID Connect users have no row. */
@Entity('users')
export class User {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  /** No two differ by case alone. */
  @Column('text') name: string;
  @Column('text') role: Role;
  /** argon2id, in the PHC string format */
  @Column('text', { name: 'password_hash' }) passwordHash: string;
  /** Wrong passwords since the last right one */
  @Column('int', { name: 'failed_attempts' }) failedAttempts: number;
  @Column('timestamptz', { name: 'locked_until', nullable: true }) lockedUntil: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
