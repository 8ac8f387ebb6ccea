import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import * as api from './api.js';

export const modelsQuery = queryOptions({ queryKey: ['models'], queryFn: api.models });
export const movesQuery = queryOptions({ queryKey: ['models', 'moves'], queryFn: api.moves });
export const rolloutsQuery = queryOptions({ queryKey: ['models', 'rollouts'], queryFn: api.rollouts });
export const reportQuery = (version: string) =>
  queryOptions({ queryKey: ['report', version], queryFn: () => api.report(version) });

export const trainingRunsQuery = queryOptions({ queryKey: ['training-runs'], queryFn: api.trainingRuns });
export const trainingRunQuery = (id: number) =>
  queryOptions({ queryKey: ['training-runs', id], queryFn: () => api.trainingRun(id) });

/** What no event tells of is asked for again while it is looked at. */
const watched = { staleTime: 5_000, refetchInterval: 10_000 } as const;

export const qualityQuery = (days: number) =>
  queryOptions({ queryKey: ['quality', days], queryFn: () => api.quality(days), ...watched });
export const alertsQuery = queryOptions({ queryKey: ['alerts'], queryFn: api.alerts, ...watched });
export const alertQuery = (id: number) =>
  queryOptions({ queryKey: ['alerts', id], queryFn: () => api.alert(id), ...watched });
export const driftQuery = (signals: readonly string[], days: number) =>
  queryOptions({
    queryKey: ['drift', signals, days],
    queryFn: () => api.drift(signals, days),
    placeholderData: keepPreviousData,
    ...watched,
  });
export const decisionsQuery = queryOptions({ queryKey: ['decisions'], queryFn: api.decisions, ...watched });
export const scheduleQuery = queryOptions({ queryKey: ['decisions', 'schedule'], queryFn: api.schedule, ...watched });
export const labelQueueQuery = queryOptions({
  queryKey: ['labels', 'queue'],
  queryFn: api.labelQueue,
  staleTime: 60_000,
});
export const agreementQuery = queryOptions({
  queryKey: ['labels', 'agreement'],
  queryFn: api.agreement,
  staleTime: 60_000,
});
export const suspectedLabelsQuery = queryOptions({
  queryKey: ['labels', 'suspected'],
  queryFn: api.suspectedLabels,
  staleTime: 60_000,
});
export const auditLogQuery = infiniteQueryOptions({
  queryKey: ['audit-log'],
  queryFn: ({ pageParam }) => api.auditLog(pageParam),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.nextCursor,
  staleTime: 5_000,
});
