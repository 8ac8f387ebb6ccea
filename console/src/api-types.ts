/** What the API answers, as far as the page looks at it. `npm run types` holds it against the service's own schemas. */

export interface TicketPath {
  source: string;
  ticketId: string;
}

export interface Actor {
  name: string;
  role: 'agent' | 'lead' | 'ml' | 'admin';
}

export interface SignInWays {
  password: boolean;
  oidc: boolean;
}

export interface Credentials {
  name: string;
  password: string;
}

interface TicketFacts extends TicketPath {
  subject: string;
  channel: string | null;
  language: string | null;
  contactType: string | null;
  state: 'open' | 'answered' | 'closed';
  sample: boolean;
  /** ISO 8601 */
  occurredAt: string;
  receivedAt: string;
}

export interface TicketRow extends TicketFacts {
  /** The first characters of the body. */
  preview: string;
  suggestion: { abstained: boolean; title: string | null; probability: number | null } | null;
}

export type FieldValue = string | number | boolean | null;

export interface Ticket extends TicketFacts {
  body: string;
  fields: Record<string, FieldValue>;
}

/** A reply as the team wrote it. */
export interface Reply {
  templateId: string;
  title: string;
  body: string;
}

export interface Suggestion {
  suggestionId: string;
  revision: number;
  abstained: boolean;
  reason: string | null;
  contactType: { value: string; probability: number } | null;
  items: (Reply & { rank: number; probability: number })[];
}

export interface Template {
  id: string;
  title: string;
  body: string;
}

export type FlagReason = 'wrong' | 'outdated' | 'sensitive' | 'unclear' | 'typo';

export interface FlagBody {
  /** Made here: a second try does no harm. */
  flagId: string;
  templateId: string;
  reason: FlagReason;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface ChoiceBody {
  choiceId: string;
  outcome: 'used' | 'edited' | 'other-template' | 'none-fits';
  templateId: string | null;
  suggestionId: string | null;
  /** Template ids in the order in which they stood on the page. */
  shown: string[] | null;
  /** `choiceId` of the choice that this one undoes. */
  retracts: string | null;
}
