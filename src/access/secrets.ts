import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits with a prefix, so that scanners for leaked secrets recognize them */
export const newSecret = (prefix: string): string => `${prefix}${randomBytes(32).toString('base64url')}`;

/** The stored form of a secret. A slow hash is not needed for 256 random bits. */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();
