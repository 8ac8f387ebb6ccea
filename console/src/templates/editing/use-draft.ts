import { useState } from 'react';
import type { Revision, TemplateWithHistory } from '../api.js';
import { baseOf, conflictOf, draftOf, fieldsOf, isSame, keepDraft, type Draft, type Fields } from './draft.js';

export interface TemplateDraft {
  /** As they stand in the form */
  fields: Fields;
  isUnsaved: boolean;
  /** It lay here from before the page was opened. */
  isRestored: boolean;
  /** What somebody else made of the template meanwhile */
  conflict: Revision | null;
  /** What the draft began from */
  base: Fields;
  change: (part: Partial<Fields>) => void;
  discard: () => void;
  /** `sent` is stored as this revision: what was typed since then is a change of it. */
  saved: (sent: Fields, revision: number) => void;
  /** The form goes on from what is saved now: what it holds counts as a change of that. */
  keepMine: () => void;
  restore: (revision: Fields) => void;
}

/** Changes of a template that are not saved; without any, the form shows the template as it is, also when that changes. */
export function useDraft(template: TemplateWithHistory): TemplateDraft {
  const { id, revision } = template;
  const [draft, setDraft] = useState<Draft | null>(() => draftOf(id));
  const [isRestored, setRestored] = useState(draft !== null);
  const put = (next: Draft | null): void => {
    const isChange = next !== null && !isSame(next.fields, baseOf(next, template));
    keepDraft(id, isChange ? next : null);
    setDraft(isChange ? next : null);
    if (!isChange) setRestored(false);
  };
  const fields = draft?.fields ?? fieldsOf(template);
  const base = draft?.base ?? revision;
  return {
    fields,
    isUnsaved: draft !== null,
    isRestored,
    conflict: draft && conflictOf(draft, template),
    base: draft ? baseOf(draft, template) : fields,
    change: (part) => put({ base, fields: { ...fields, ...part } }),
    discard: () => put(null),
    saved: (sent, as) => {
      const kept = draftOf(id);
      const left = kept && !isSame(kept.fields, sent) ? { base: as, fields: kept.fields } : null;
      keepDraft(id, left);
      setDraft(left);
      setRestored(false);
    },
    keepMine: () => put({ base: revision, fields }),
    restore: (text) => put({ base, fields: fieldsOf(text) }),
  };
}
