import type { TicketPath } from './api-types.js';

/** Of something that has more, nothing but which ticket it is. */
export const pathOf = ({ source, ticketId }: TicketPath): TicketPath => ({ source, ticketId });

/** One text for each ticket, as a key. */
export const idOf = ({ source, ticketId }: TicketPath): string => `${source}:${ticketId}`;

export const sameTicket = (a: TicketPath, b: TicketPath | null): boolean =>
  a.source === b?.source && a.ticketId === b.ticketId;
