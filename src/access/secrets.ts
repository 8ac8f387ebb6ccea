import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits, marked so that a scanner for leaked secrets can know them. */
export const newSecret = (mark: string): string => `${mark}${randomBytes(32).toString('base64url')}`;

/** What is kept of a secret. A slow hash would add nothing: nobody guesses 256 random bits. */
export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
