import { z } from 'zod';

/** Text that PostgreSQL can store: without null bytes and lone surrogates */
export const storedText = () =>
  z
    .string()
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must not contain null bytes or lone surrogates');

/** An identifier */
export const identifier = () => storedText().min(1).max(256);
