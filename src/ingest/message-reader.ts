import type { z } from 'zod';
import { prepareTicket } from '../preparation/prepare-ticket.js';
import type { RedactionLevel } from '../redaction/redaction.js';
import { choiceBodySchema } from '../suggest/choices/choice-message.js';
import type { NewChoice } from '../suggest/choices/choices.service.js';
import { reject, openEnvelope, type Rejection, type RawMessage } from './envelope.js';
import {
  contentHash,
  identitySchema,
  ticketMessageSchema,
  replaceUnstorable,
  type TicketMessage,
} from './ticket-message.js';

/** Header of messages of the bundled sample */
export const sampleHeader = 'replyrank-sample';

export type TicketRead = { kind: 'ticket'; ticket: TicketMessage } | Rejection;
export type ChoiceRead = { kind: 'choice'; choice: NewChoice } | Rejection;

/** Decodes, validates and prepares a ticket message. Never throws for invalid input. @param now ms since 1970 */
export function readTicket(message: RawMessage, now: number, level: RedactionLevel): TicketRead {
  const envelope = openEnvelope(message);
  if (envelope.kind === 'dead-letter') return envelope;
  const { data, time, eventId } = envelope;
  const parsed = ticketMessageSchema(() => now).safeParse(replaceUnstorable({ occurredAt: time, ...data }));
  if (!parsed.success) return rejectInvalid(parsed.error);
  const { eventId: named, ...content } = parsed.data;
  const ticket = prepareTicket(content, level);
  const sample = message.headers[sampleHeader] === '1';
  return { kind: 'ticket', ticket: { ...ticket, eventId: named ?? eventId ?? contentHash(content), sample } };
}

/**
 * A tombstone closes the ticket that its key `source:ticketId` names, at the message's time.
 *
 * @param timestamp ms since 1970
 */
export function readTombstone(
  { key, timestamp }: { key: Buffer | null; timestamp: number },
  now: number,
  level: RedactionLevel,
): TicketRead {
  const [, source, ticketId] = /^([^:]*):(.*)$/s.exec(key?.toString() ?? '') ?? [];
  if (ticketId === undefined) return reject('invalid-field', 'key: must be source:ticketId to close a ticket');
  const date = new Date(timestamp);
  const occurredAt = Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  const value = Buffer.from(JSON.stringify({ source, ticketId, event: 'closed', occurredAt }));
  return readTicket({ key, value, headers: {} }, now, level);
}

export function readChoice(message: RawMessage): ChoiceRead {
  const envelope = openEnvelope(message);
  if (envelope.kind === 'dead-letter') return envelope;
  const data = replaceUnstorable({ occurredAt: envelope.time, ...envelope.data });
  const identity = identitySchema.safeParse(data);
  const choice = choiceBodySchema.safeParse(data);
  if (!identity.success) return rejectInvalid(identity.error);
  if (!choice.success) return rejectInvalid(choice.error);
  const { agent, occurredAt } = choice.data;
  if (agent === undefined) return reject('invalid-field', 'agent: missing');
  if (occurredAt === undefined) return reject('invalid-date', 'occurredAt: missing');
  return { kind: 'choice', choice: { ...identity.data, ...choice.data, agent, occurredAt, via: 'kafka' } };
}

function rejectInvalid(error: z.ZodError): Rejection {
  const [first] = error.issues;
  const field = first?.path.join('.') ?? '';
  return reject(
    field === 'occurredAt' ? 'invalid-date' : 'invalid-field',
    `${field || 'message'}: ${first?.message ?? ''}`,
  );
}
