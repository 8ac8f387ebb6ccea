import type { TicketMessage } from './ticket-message.js';

/** The part of a ticket that its messages determine */
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

/** Whether a message contains the customer's text, or only closes the ticket */
const hasContent = ({ event, subject, body }: TicketMessage): boolean =>
  event !== 'closed' || subject !== '' || body !== '';

/**
 * The ticket after another message. Messages are full snapshots: the newest by `occurredAt` wins; with equal times, the one
 * that arrived later. A `closed` without text does not change the text, so that a late text is still stored.
 */
export function applyMessage(known: TicketState | null, message: TicketMessage): TicketState {
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

/** Whether a ranking of one state is valid for the other */
export function hasSameContent(a: TicketState, b: TicketState): boolean {
  const content = ({ subject, body, channel, language, contactType, fields }: TicketState): string =>
    JSON.stringify([subject, body, channel, language, contactType, Object.entries(fields).toSorted()]);
  return content(a) === content(b);
}
