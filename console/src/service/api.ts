import i18next from 'i18next';
import type {
  Actor,
  ChoiceBody,
  Credentials,
  Embedding,
  FlagBody,
  HandOver,
  Page,
  RankBody,
  Ranked,
  SignInWays,
  SimilarTicket,
  Suggestion,
  Template,
  Ticket,
  TicketFilters,
  TicketPath,
  TicketRow,
} from './api-types.js';
import { searchOf, type QueueView } from './queue-view.js';

/** What is wrong with one part of what was sent. */
export interface FieldProblem {
  field: string;
  message: string;
}

/** The service said no, or said nothing. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  /** @param status of HTTP; 0 where no answer came */
  constructor(
    readonly status: number,
    message: string,
    readonly problems: FieldProblem[] = [],
  ) {
    super(message);
  }
}

/** Worth another try: the service, or what stands before it, is away. */
export const isOutage = (error: unknown): boolean =>
  error instanceof ApiError && [0, 502, 503, 504].includes(error.status);

export const isSignedOut = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

export const pathOf = ({ source, ticketId }: TicketPath): string =>
  `tickets/${encodeURIComponent(source)}/${encodeURIComponent(ticketId)}`;

/** Who is signed in; null for nobody. */
export const me = (): Promise<Actor | null> => orNull(401, call<Actor>('me'));

/** Which ways to sign in are open here. */
export const signInWays = (): Promise<SignInWays> => call('sign-in');

export const signIn = (credentials: Credentials): Promise<unknown> => call('sign-in', sent('POST', credentials));

export const signOut = (): Promise<unknown> => call('sign-out', { method: 'POST' });

/** A page of the open tickets, sorted and filtered as the view says. */
export function openTickets(view: QueueView, cursor: string | null): Promise<Page<TicketRow>> {
  const query = new URLSearchParams({ state: 'open', limit: '200', ...searchOf(view) });
  if (cursor !== null) query.set('cursor', cursor);
  return call(`tickets?${query.toString()}`);
}

export const ticketFilters = (): Promise<TicketFilters> => call('tickets/filters');

/** One ticket; null where it is gone. */
export const ticket = (path: TicketPath): Promise<Ticket | null> => orNull(404, call<Ticket>(pathOf(path)));

/** What is suggested now; null where the ticket has not been ranked yet. */
export const suggestion = (path: TicketPath): Promise<Suggestion | null> =>
  orNull(404, call<Suggestion>(`${pathOf(path)}/suggestion?limit=10`));

/** The suggestion with the words that spoke for each reply: the model is asked dozens of times for it. */
export const explanation = (path: TicketPath): Promise<Suggestion | null> =>
  orNull(404, call<Suggestion>(`${pathOf(path)}/suggestion?limit=3&explain=true`));

/** Answered tickets that are like this one, the most alike first. */
export const similarTickets = async (path: TicketPath): Promise<SimilarTicket[]> =>
  (await call<{ items: SimilarTicket[] }>(`${pathOf(path)}/similar?limit=5`)).items;

/** All templates that may be used. */
export async function allowedTemplates(): Promise<Template[]> {
  const all: Template[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<Template> = await call(`templates?state=allowed&limit=500${after}`);
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

/** Can be repeated: the service knows a choice by its id. */
export const choose = (path: TicketPath, choice: ChoiceBody): Promise<unknown> =>
  call(`${pathOf(path)}/choices`, { ...sent('POST', choice), repeatable: true });

export const flag = (path: TicketPath, body: FlagBody): Promise<unknown> =>
  call(`${pathOf(path)}/flags`, sent('POST', body));

/** Nobody is shown it any more. */
export const blockTemplate = (id: string): Promise<unknown> =>
  call(`templates/${encodeURIComponent(id)}`, sent('PATCH', { state: 'blocked' }));

/** Which helpdesks may show this page. */
export const embedding = (): Promise<Embedding> => call('embedding');

/** In a window: a code that a frame of ours may begin a session with. */
export const handOver = (): Promise<HandOver> => call('embedding/hand-over', { method: 'POST' });

/** In a frame: begins a session with the code of a window. */
export const takeOver = (handed: HandOver): Promise<unknown> => call('embedding/session', sent('POST', handed));

/** Ranks a text; nothing is stored. */
export const rank = (body: Pick<RankBody, 'subject' | 'body' | 'limit'>): Promise<Ranked> =>
  call('rank', sent('POST', body));

export const sent = (method: 'POST' | 'PATCH', body: object): Call => ({
  method,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

type Call = Omit<RequestInit, 'headers' | 'signal'> & {
  headers?: Record<string, string>;
  /** It does no harm to ask twice, as where nothing is changed */
  repeatable?: boolean;
};

/** Nothing that may be asked twice takes as long: an answer that has not come by then is lost, as after a computer's sleep. */
const lostAfterMs = 60_000;

/** By it the service knows, inside a helpdesk, that a change is our own page's doing. */
const fromThisPage = { 'X-Replyrank-Page': '1' };

export async function call<T>(path: string, init: Call = { repeatable: true }): Promise<T> {
  const { repeatable, headers, ...request } = init;
  const lost = new AbortController();
  const timer = repeatable ? setTimeout(() => lost.abort(), lostAfterMs) : undefined;
  try {
    const response = await fetch(`/api/v1/${path}`, {
      ...request,
      headers: { ...headers, ...fromThisPage },
      signal: lost.signal,
    });
    if (!response.ok) throw await errorOf(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(0, i18next.t('app.unavailable'));
  } finally {
    clearTimeout(timer);
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const { detail, errors } = (await response.json().catch(() => ({}))) as { detail?: string; errors?: FieldProblem[] };
  return new ApiError(response.status, detail ?? `the service answered ${response.status}`, errors);
}

async function orNull<T>(status: number, answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === status) return null;
    throw error;
  }
}
