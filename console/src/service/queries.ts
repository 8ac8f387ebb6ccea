/** What the page knows of the service. It is refreshed by events alone (live.ts), so it never goes stale by itself. */
import {
  MutationCache,
  QueryCache,
  QueryClient,
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
} from '@tanstack/react-query';
import * as api from './api.js';
import type { TicketPath } from './api-types.js';
import type { QueueView } from './queue-view.js';

export const sessionKey = ['session'] as const;
export const queueKey = ['queue'] as const;
/** Begins the keys of all that belongs to one ticket. */
export const ticketKey = ({ source, ticketId }: TicketPath) => ['ticket', source, ticketId] as const;

export const sessionQuery = queryOptions({ queryKey: sessionKey, queryFn: api.me });

export const embeddingQuery = queryOptions({ queryKey: ['embedding'], queryFn: api.embedding });

export const signInWaysQuery = queryOptions({ queryKey: ['sign-in'], queryFn: api.signInWays });

export const queueQuery = (view: QueueView) =>
  infiniteQueryOptions({
    queryKey: [...queueKey, view],
    queryFn: ({ pageParam }) => api.openTickets(view, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });

export const ticketFiltersQuery = queryOptions({
  queryKey: [...queueKey, 'filters'],
  queryFn: api.ticketFilters,
});

export const ticketQuery = (path: TicketPath) =>
  queryOptions({ queryKey: [...ticketKey(path), 'text'], queryFn: () => api.ticket(path) });

export const suggestionQuery = (path: TicketPath) =>
  queryOptions({ queryKey: [...ticketKey(path), 'suggestion'], queryFn: () => api.suggestion(path) });

export const explanationQuery = (path: TicketPath) =>
  queryOptions({ queryKey: [...ticketKey(path), 'explanation'], queryFn: () => api.explanation(path) });

export const similarQuery = (path: TicketPath) =>
  queryOptions({ queryKey: [...ticketKey(path), 'similar'], queryFn: () => api.similarTickets(path) });

export const templatesQuery = queryOptions({ queryKey: ['templates'], queryFn: api.allowedTemplates });

export function createQueryClient(): QueryClient {
  const onError = (error: Error): void => {
    if (api.isSignedOut(error)) client.setQueryData(sessionKey, null);
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // The service is often on this very machine: whether there is an internet says nothing.
      queries: {
        networkMode: 'always',
        staleTime: Infinity,
        refetchOnWindowFocus: false,
        retry: (failures, error) => api.isOutage(error) && failures < 3,
        retryDelay: 700,
      },
      mutations: { networkMode: 'always' },
    },
  });
  return client;
}
