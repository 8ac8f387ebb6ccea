/**
 * What happens to the text of a ticket between its arrival and everything else. Every way in uses this: Kafka, history imports, the
 * HTTP API, the inference protocol and the commands that read files. Pure, so the same ticket always ranks the same.
 */
import { redact, redactionHints, type RedactionLevel } from '../redaction/redaction.js';
import { htmlToText } from './html-text.js';

/** Text and fields of a ticket */
export interface TicketContent {
  subject: string;
  body: string;
  /** BCP 47 */
  language: string | null;
  fields: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * A ticket as it may be stored and ranked: HTML is text, and personal data is redacted in subject, body and fields, except in
 * `customer.*`, which fills placeholders. Quotes and signatures stay in the body; the model skips them (new-text.ts).
 */
export function prepareTicket<T extends TicketContent>(ticket: T, level: RedactionLevel): T {
  const hints = redactionHints(ticket);
  const fields = Object.entries(ticket.fields).map(([name, value]) => [
    name,
    typeof value === 'string' && !name.startsWith('customer.') ? redact(value, hints, level) : value,
  ]);
  return {
    ...ticket,
    subject: redact(ticket.subject, hints, level),
    body: redact(htmlToText(ticket.body), hints, level),
    fields: Object.fromEntries(fields) as T['fields'],
  };
}
