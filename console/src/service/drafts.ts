/**
 * Replies that are half written, by ticket. They outlive a session that ends and a page that is loaded again, but not the
 * tab; signing out removes them.
 */
import type { Reply } from './api-types.js';
import { inTab } from './kept.js';

const prefix = 'replyrank.draft.';

export interface Draft {
  reply: Reply;
  text: string;
}

export function keepDraft(ticket: string, draft: Draft | null): void {
  if (draft) inTab().setItem(prefix + ticket, JSON.stringify(draft));
  else inTab().removeItem(prefix + ticket);
}

export function draftOf(ticket: string): Draft | null {
  const text = inTab().getItem(prefix + ticket);
  return text === null ? null : (JSON.parse(text) as Draft);
}

export function dropDrafts(): void {
  const storage = inTab();
  for (const key of storage.keys()) if (key.startsWith(prefix)) storage.removeItem(key);
}
