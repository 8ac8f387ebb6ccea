/**
 * Replies that are half written, by ticket. They outlive a session that ends and a page that is loaded again, but not the
 * tab; whoever signs out takes them away.
 */
import type { Reply } from './api-types.js';

const prefix = 'replyrank.draft.';

export interface Draft {
  reply: Reply;
  text: string;
}

export function keepDraft(ticket: string, draft: Draft | null): void {
  if (draft) sessionStorage.setItem(prefix + ticket, JSON.stringify(draft));
  else sessionStorage.removeItem(prefix + ticket);
}

export function draftOf(ticket: string): Draft | null {
  const text = sessionStorage.getItem(prefix + ticket);
  return text === null ? null : (JSON.parse(text) as Draft);
}

export function dropDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key);
}
