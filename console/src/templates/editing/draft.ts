/**
 * Changes of a template that are not saved yet. They outlive a session that ends and a page that is loaded again, but not the
 * tab; signing out removes them with the replies (drafts.ts).
 */
import type { Revision, TemplateWithHistory } from '../api.js';

export interface Fields {
  title: string;
  body: string;
  contactTypes: string[];
}

export interface Draft {
  /** The revision that was changed */
  base: number;
  fields: Fields;
}

// No ticket's id begins so.
const prefix = 'replyrank.draft./template/';

export function keepDraft(id: string, draft: Draft | null): void {
  if (draft) sessionStorage.setItem(prefix + id, JSON.stringify(draft));
  else sessionStorage.removeItem(prefix + id);
}

export function draftOf(id: string): Draft | null {
  const text = sessionStorage.getItem(prefix + id);
  return text === null ? null : (JSON.parse(text) as Draft);
}

export const fieldsOf = ({ title, body, contactTypes }: Fields): Fields => ({ title, body, contactTypes });

/** What differs, by name. */
export function changedFields(from: Fields, to: Fields): Partial<Fields> {
  return {
    ...(from.title !== to.title && { title: to.title }),
    ...(from.body !== to.body && { body: to.body }),
    ...(from.contactTypes.join('\n') !== to.contactTypes.join('\n') && { contactTypes: to.contactTypes }),
  };
}

export const isSame = (a: Fields, b: Fields): boolean => Object.keys(changedFields(a, b)).length === 0;

/** The revision that a draft began from; the template as it is where that is gone. */
export const baseOf = (draft: Draft, template: TemplateWithHistory): Fields =>
  template.history.find(({ revision }) => revision === draft.base) ?? template;

/** The first of the revisions that came meanwhile and say something else; null where the draft can be saved as it is. */
export function conflictOf(draft: Draft, template: TemplateWithHistory): Revision | null {
  const base = baseOf(draft, template);
  const [newest] = template.history;
  if (!newest || newest.revision === draft.base) return null;
  return isSame(base, newest) || isSame(draft.fields, newest) ? null : newest;
}
