import { createHash } from 'node:crypto';
import { z } from 'zod';
import { redact } from '../redaction/redaction.js';
import { occurredAtSchema } from '../suggest/choices/choice-message.js';

export const sourcePattern = /^[a-z0-9._-]{1,64}$/;

const optionalTerm = z
  .string()
  .max(256, 'must have at most 256 characters')
  .nullish()
  .transform((word) => word ?? null);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const fieldValue = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: 'must be a string, number, boolean or null: fields are flat',
});
/** Some helpdesks send ids as JSON numbers: the same id as their digits. */
const identifier = z
  .union([z.string(), z.number().int()], { error: 'must be a string' })
  .transform(String)
  .pipe(
    z
      .string()
      .min(1, 'must not be empty')
      .max(256, 'must have at most 256 characters')
      // An id is stored and published as it is; a Message-ID in angle brackets is none of a person.
      .refine((id) => /^<.*>$/.test(id) || !redact(id, { language: null, country: null }).includes('<email>'), {
        error: "must not be an e-mail address, which would be stored unredacted; use the helpdesk's own id",
      }),
  );

export const identitySchema = z.object({
  source: z
    .string({ error: 'must be a string' })
    .regex(sourcePattern, 'must be 1 to 64 of a–z, 0–9, dot, hyphen, underscore'),
  ticketId: identifier,
});

/** A snapshot of a ticket, as it is on the topic. Its text may be empty. */
export const ticketMessageSchema = (now: () => number) =>
  identitySchema.extend({
    eventId: z.string().min(1).max(256).nullish(),
    occurredAt: occurredAtSchema(now),
    event: z.enum(['created', 'updated', 'closed'], { error: 'must be created, updated or closed' }),
    subject: text,
    body: text,
    channel: optionalTerm,
    language: optionalTerm,
    contactType: optionalTerm,
    fields: z
      .record(z.string().max(256), fieldValue)
      // Customers are found by an index, which limits the length.
      .refine((fields) => String(fields['customer.id'] ?? '').length <= 256, {
        error: 'must have at most 256 characters',
        path: ['customer.id'],
      })
      .nullish()
      .transform((fields) => fields ?? {}),
  });

export type TicketMessage = Omit<z.infer<ReturnType<typeof ticketMessageSchema>>, 'eventId'> & {
  eventId: string;
  /** Part of the bundled sample */
  sample: boolean;
};

/** Event id of a message without one: SHA-256 of its content with sorted keys. */
export function contentHash(message: object): string {
  const sorted = (value: unknown): unknown =>
    value instanceof Date || typeof value !== 'object' || value === null
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, inner]) => [name, sorted(inner)]),
        );
  return `sha256:${createHash('sha256')
    .update(JSON.stringify(sorted(message)))
    .digest('hex')}`;
}

/**
 * Replaces null bytes, which PostgreSQL can't store, and lone surrogates by U+FFFD, also in keys. Anything deeper than the
 * entries of `fields` is not stored and stays unchanged: a million nested brackets would overflow the stack.
 */
export function replaceUnstorable<T>(value: T, depth = 2): T {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD') as T;
  if (depth === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    return items.map((item) => replaceUnstorable(item, depth - 1)) as T;
  }
  const entries = Object.entries(value).map(([name, inner]: [string, unknown]) => [
    replaceUnstorable(name),
    replaceUnstorable(inner, depth - 1),
  ]);
  return Object.fromEntries(entries) as T;
}
