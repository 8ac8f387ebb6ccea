import { z } from 'zod';

/** Opaque to clients: what the last row of a page was sorted by. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @returns undefined where no cursor was given. A cursor that we did not make fails as a bad `cursor` field. */
export function cursorOf<S extends z.ZodType>(position: S) {
  return z
    .string()
    .transform((text, context): z.output<S> => {
      try {
        return position.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
      } catch {
        context.addIssue({ code: 'custom', message: 'must be the nextCursor of an earlier page' });
        return z.NEVER;
      }
    })
    .optional();
}

/** Where a list that is sorted by a moment and an id goes on: microseconds since 1970, which PostgreSQL counts in, and the id. */
export const momentAndId = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);

/** SQL of a moment as microseconds since 1970. */
export const microsecondsOf = (moment: string): string => `(extract(epoch FROM ${moment}) * 1000000)::bigint`;

/** SQL of the moment that so many microseconds stand for. */
export const momentOf = (micros: string): string =>
  `(timestamptz 'epoch' + ${micros}::bigint * interval '1 microsecond')`;

export const limitOf = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

/** One page and where the next begins; `nextCursor` is null on the last. */
export function page<T>(
  rows: T[],
  limit: number,
  position: (last: T) => unknown,
): { items: T[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null };
}

export const pageSchema = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
