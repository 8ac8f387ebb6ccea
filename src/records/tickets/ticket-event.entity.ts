import { Entity, PrimaryColumn } from 'typeorm';

/** A message about a ticket that has been taken in: a second delivery finds itself here and changes nothing. */
@Entity('ticket_events')
export class TicketEvent {
  @PrimaryColumn('bigint', { name: 'ticket' }) ticket: number;
  /** The message's `eventId`, or the hash of its canonical content. */
  @PrimaryColumn('text', { name: 'event_id' }) eventId: string;
}
