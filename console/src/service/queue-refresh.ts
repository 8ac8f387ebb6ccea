import type { InfiniteData, Query, QueryClient } from '@tanstack/react-query';
import * as api from './api.js';
import type { Page, TicketPath, TicketRow } from './api-types.js';
import { queueKey } from './queries.js';
import { withFirstPage } from './queue-pages.js';
import type { QueueView } from './queue-view.js';

type Loaded = InfiniteData<Page<TicketRow>, string | null>;

/** Fetches what the queue shows of tickets that have changed: of a long one its first page, where that tells all. */
export async function refreshQueue(client: QueryClient, changed: readonly TicketPath[]): Promise<void> {
  const queries = client.getQueryCache().findAll({ queryKey: queueKey });
  await Promise.all(queries.map((query) => refresh(client, query, changed)));
}

async function refresh(client: QueryClient, query: Query, changed: readonly TicketPath[]): Promise<void> {
  const { queryKey } = query;
  const view = queryKey[queueKey.length];
  const first = isLong(query) && isView(view) ? await api.openTickets(view, null).catch(() => null) : null;
  // A further page that is on its way would write over what is written here.
  while (query.state.fetchStatus === 'fetching') await query.promise?.catch(() => undefined);
  const loaded = query.state.data as Loaded | undefined;
  const pages = first && isView(view) && loaded ? withFirstPage(loaded.pages, first, changed, view.sort) : null;
  if (!pages || !loaded) await client.invalidateQueries({ queryKey, exact: true });
  else client.setQueryData<Loaded>(queryKey, { pages, pageParams: loaded.pageParams.slice(0, pages.length) });
}

const isView = (part: unknown): part is QueueView => typeof part === 'object' && part !== null && 'sort' in part;
const isLong = (query: Query): boolean =>
  query.isActive() && ((query.state.data as Partial<Loaded> | undefined)?.pages?.length ?? 0) > 1;
