import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const roles = ['agent', 'lead', 'ml', 'admin'] as const;
export type Role = (typeof roles)[number];

/** A bearer token of a service. Only its SHA-256 is kept: a token has 256 random bits, so a slow hash would add nothing. */
@Entity('api_tokens')
export class ApiToken {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: number;
  @Column('text') name: string;
  @Column('bytea') hash: Buffer;
  @Column('text') role: Role;
  /** Changes nothing, whatever its role may */
  @Column('boolean', { name: 'read_only' }) readOnly: boolean;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt: Date | null;
  @Column('timestamptz', { name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
