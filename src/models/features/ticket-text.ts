import { newText } from '../../preparation/new-text.js';
import type { Candidate, RankInput } from '../ranker.js';

/** Subject and body as one text: what the customer newly wrote, without quotes and signatures. */
export function ticketText({ subject, body }: Pick<RankInput, 'subject' | 'body'>): string {
  return `${subject}\n${newText(body).text}`.trim().toWellFormed();
}

/** Title and body as one text, without placeholders. */
export function templateText({ title, body }: Pick<Candidate, 'title' | 'body'>): string {
  return `${title}\n${body.replaceAll(/\{\{[^{}]*\}\}/g, ' ')}`.trim().toWellFormed();
}
