import { z } from 'zod';

/** An opaque cursor: the sort key of a page's last row */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** A `cursor` parameter; undefined if there is none, an error if it is invalid */
export function cursorSchema<S extends z.ZodType>(position: S) {
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

/** Position in a list sorted by a timestamp and an id: microseconds since 1970, PostgreSQL's resolution, and the id */
export const timestampAndId = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);

/** SQL for a timestamp as microseconds since 1970 */
export const toMicroseconds = (timestamp: string): string => `(extract(epoch FROM ${timestamp}) * 1000000)::bigint`;

/** SQL for the timestamp of microseconds since 1970 */
export const fromMicroseconds = (micros: string): string =>
  `(timestamptz 'epoch' + ${micros}::bigint * interval '1 microsecond')`;

export const limitSchema = (max: number, defaultLimit: number) =>
  z.coerce.number().int().min(1).max(max).default(defaultLimit);

/** A page and the cursor of the next one, which is null on the last page */
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
