import type { Candidate, RankInput } from '../ranker.js';

/** What a ticket says, as one text. */
export function ticketText({ subject, body }: Pick<RankInput, 'subject' | 'body'>): string {
  return `${subject}\n${body}`.trim().toWellFormed();
}

/** What a template says, without its placeholders. */
export function templateText({ title, body }: Pick<Candidate, 'title' | 'body'>): string {
  return `${title}\n${body.replaceAll(/\{\{[^{}]*\}\}/g, ' ')}`.trim().toWellFormed();
}
