import type { z } from 'zod';
import { hintsOf, redact } from '../redaction/redaction.js';
import { choiceBodySchema } from '../suggest/choices/choice-message.js';
import type { NewChoice } from '../suggest/choices/choices.service.js';
import { dead, openEnvelope, type DeadMessage, type RawMessage } from './envelope.js';
import { plainText } from './plain-text.js';
import { contentId, identitySchema, ticketMessageSchema, wellFormed, type TicketMessage } from './ticket-message.js';

/** Header of messages that our own sample sends. */
export const sampleHeader = 'replyrank-sample';

export type TicketRead = { kind: 'ticket'; ticket: TicketMessage } | DeadMessage;
export type ChoiceRead = { kind: 'choice'; choice: NewChoice } | DeadMessage;

/** From bytes to a ticket that may be stored: decoded, checked, as plain text, redacted. Never throws for bad input. */
export function readTicket(message: RawMessage, now: number): TicketRead {
  const envelope = openEnvelope(message);
  if (envelope.kind === 'dead-letter') return envelope;
  const { data, time, eventId } = envelope;
  const parsed = ticketMessageSchema(() => now).safeParse(wellFormed({ occurredAt: time, ...data }));
  if (!parsed.success) return refused(parsed.error);
  const { eventId: named, ...content } = parsed.data;
  const ticket = redactTicket(content);
  const sample = message.headers[sampleHeader] === '1';
  return { kind: 'ticket', ticket: { ...ticket, eventId: named ?? eventId ?? contentId(content), sample } };
}

export function readChoice(message: RawMessage): ChoiceRead {
  const envelope = openEnvelope(message);
  if (envelope.kind === 'dead-letter') return envelope;
  const data = wellFormed({ occurredAt: envelope.time, ...envelope.data });
  const identity = identitySchema.safeParse(data);
  const choice = choiceBodySchema.safeParse(data);
  if (!identity.success) return refused(identity.error);
  if (!choice.success) return refused(choice.error);
  const { agent, occurredAt } = choice.data;
  if (agent === undefined) return dead('invalid-field', 'agent: is missing');
  if (occurredAt === undefined) return dead('invalid-date', 'occurredAt: is missing');
  return { kind: 'choice', choice: { ...identity.data, ...choice.data, agent, occurredAt, via: 'kafka' } };
}

function refused(error: z.ZodError): DeadMessage {
  const [first] = error.issues;
  const field = first?.path.join('.') ?? '';
  return dead(
    field === 'occurredAt' ? 'invalid-date' : 'invalid-field',
    `${field || 'message'}: ${first?.message ?? ''}`,
  );
}

type Content = Pick<TicketMessage, 'subject' | 'body' | 'fields' | 'language'>;

/** Subject, body and string fields without personal data; `customer.*` fills placeholders and stays as it is. */
export function redactTicket<T extends Content>(ticket: T): T {
  const hints = hintsOf(ticket);
  const fields = Object.entries(ticket.fields).map(([name, value]) => [
    name,
    typeof value === 'string' && !name.startsWith('customer.') ? redact(value, hints) : value,
  ]);
  return {
    ...ticket,
    subject: redact(ticket.subject, hints),
    body: redact(plainText(ticket.body), hints),
    fields: Object.fromEntries(fields) as T['fields'],
  };
}
