import { sourcePattern } from '../../ingest/ticket-message.js';
import { UserError } from './user-error.js';

/** Reads the option `--source`. @throws UserError where no ticket can have such a source */
export function ticketSource(text: string): string {
  if (!sourcePattern.test(text)) throw new UserError(`--source: must be 1 to 64 of a–z, 0–9, dot, hyphen, underscore`);
  return text;
}
