/** What a page reads of an alert's evidence, which is larger than the API says; each part may be missing. */
import type { Estimate } from '../../ui/interval.js';
import type { LocalizedMessage } from '../service-messages.js';

export interface Contribution {
  name: string;
  before: number;
  now: number;
  part: number;
}

export interface EvidenceFacts {
  tickets: number;
  causes: { kind: string; sentence: string; message?: LocalizedMessage; share: number }[];
  /** The most telling first */
  words: string[];
  templates: Contribution[];
  contactTypes: Contribution[];
  slice: { slice: { by: 'channel' | 'language' | 'contactType'; value: string }; tickets: number; loss: number } | null;
  accuracy: { before: Estimate | null; now: Estimate | null; loss: Estimate | null; labels: number } | null;
}

export function evidenceOf(evidence: Record<string, unknown>): EvidenceFacts {
  const { tickets, causes, words, templates, contactTypes, slice, accuracy } = evidence as Partial<EvidenceFacts>;
  return {
    tickets: tickets ?? 0,
    causes: causes ?? [],
    words: words ?? [],
    templates: templates ?? [],
    contactTypes: contactTypes ?? [],
    slice: slice ?? null,
    accuracy: accuracy ?? null,
  };
}
