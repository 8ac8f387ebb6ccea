import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import * as api from './api.js';

/** Begins the keys of all that changes with a template or its flags (live.ts). */
const key = 'templates';
/** Choices come all the time, and no event tells what they do to the figures. */
const counted = { staleTime: 30_000, refetchInterval: 60_000 } as const;

export const allTemplatesQuery = queryOptions({ queryKey: [key, 'all'], queryFn: api.allTemplates });
export const templateQuery = (id: string) =>
  queryOptions({ queryKey: [key, 'one', id], queryFn: () => api.template(id) });
export const figuresQuery = (days: number) =>
  queryOptions({
    queryKey: [key, 'figures', days],
    queryFn: () => api.figures(days),
    placeholderData: keepPreviousData,
    ...counted,
  });
export const statisticsQuery = (id: string, days: number) =>
  queryOptions({
    queryKey: [key, 'statistics', id, days],
    queryFn: () => api.statistics(id, days),
    placeholderData: keepPreviousData,
    ...counted,
  });
export const placeholdersQuery = queryOptions({
  queryKey: ['placeholders'],
  queryFn: api.placeholders,
  staleTime: 60_000,
});
export const newestTicketsQuery = queryOptions({ queryKey: ['newest-tickets'], queryFn: api.newestTickets });
