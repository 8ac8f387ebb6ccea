import type { TicketMessage } from './ticket-message.js';

/** What of a ticket its messages decide. */
export interface TicketState {
  subject: string;
  body: string;
  channel: string | null;
  language: string | null;
  contactType: string | null;
  fields: TicketMessage['fields'];
  contentAt: Date | null;
  stateAt: Date;
  closedAt: Date | null;
}

/** Whether a message tells what the customer wrote, or only that the ticket was closed. */
const hasContent = ({ event, subject, body }: TicketMessage): boolean =>
  event !== 'closed' || subject !== '' || body !== '';

/**
 * The ticket after one more message. Messages are full snapshots: the newest by `occurredAt` wins, of two with the same
 * time the one that arrived later. A `closed` without text says nothing about the text, so text that comes late still
 * finds its place.
 */
export function afterMessage(known: TicketState | null, message: TicketMessage): TicketState {
  const { subject, body, channel, language, contactType, fields, occurredAt, event } = message;
  const content = { subject, body, channel, language, contactType, fields, contentAt: occurredAt };
  const closedAt = event === 'closed' ? occurredAt : null;
  if (known === null) {
    return { ...content, contentAt: hasContent(message) ? occurredAt : null, stateAt: occurredAt, closedAt };
  }
  const isNewest = occurredAt >= known.stateAt;
  const hasNewestContent = hasContent(message) && (known.contentAt === null || occurredAt >= known.contentAt);
  return {
    ...known,
    ...(hasNewestContent && content),
    ...(isNewest && { stateAt: occurredAt, closedAt }),
  };
}

/** Whether a ranking of the one would hold for the other. */
export function sameContent(a: TicketState, b: TicketState): boolean {
  const of = ({ subject, body, channel, language, contactType, fields }: TicketState): string =>
    JSON.stringify([subject, body, channel, language, contactType, Object.entries(fields).toSorted()]);
  return of(a) === of(b);
}
