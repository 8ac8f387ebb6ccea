/** What the API takes and answers: the names that the pages have for what `openapi.d.ts` says. */
import type { components } from './openapi.js';

type Schemas = components['schemas'];

export interface TicketPath {
  source: string;
  ticketId: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export type Actor = Schemas['Actor'];
export type SignInWays = Schemas['SignInWays'];
export type Credentials = Schemas['Credentials'];
export type Embedding = Schemas['Embedding'];
export type HandOver = Schemas['HandOver'];
export type RankBody = Schemas['RankBody'];
export type Ranked = Schemas['Ranked'];
export type TicketRow = Schemas['TicketRow'];
export type Ticket = Schemas['Ticket'];
export type TicketFilters = Schemas['TicketFilters'];
export type FieldValue = string | number | boolean | null;
export type Suggestion = Schemas['Suggestion'];
export type WordWeight = NonNullable<Suggestion['items'][number]['words']>[number];
export type SimilarTicket = Schemas['SimilarTickets']['items'][number];
/** A reply as the team wrote it. */
export type Reply = Pick<Suggestion['items'][number], 'templateId' | 'title' | 'body'>;
export type Template = Pick<Schemas['Template'], 'id' | 'title' | 'body'>;
export type TemplateState = Schemas['Template']['state'];
export type FlagBody = Schemas['FlagBody'];
export type FlagReason = FlagBody['reason'];
/** What an agent decided on this page; of the rest the service knows better. */
export type ChoiceBody = Required<Omit<Schemas['ChoiceBody'], 'agent' | 'occurredAt'>>;
