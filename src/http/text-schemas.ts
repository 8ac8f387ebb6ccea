import { z } from 'zod';

/** Text that PostgreSQL can store or be asked for: no null bytes, and no halves of characters. */
export const storedText = () =>
  z
    .string()
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must not hold null bytes or lone surrogates');

/** An identifier, as everywhere in the contract. */
export const identifier = () => storedText().min(1).max(256);
