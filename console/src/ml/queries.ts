import { queryOptions } from '@tanstack/react-query';
import * as api from './api.js';

export const modelsQuery = queryOptions({ queryKey: ['models'], queryFn: api.models });
export const movesQuery = queryOptions({ queryKey: ['models', 'moves'], queryFn: api.moves });
export const rolloutsQuery = queryOptions({ queryKey: ['models', 'rollouts'], queryFn: api.rollouts });
export const reportQuery = (version: string) =>
  queryOptions({ queryKey: ['report', version], queryFn: () => api.report(version) });

export const trainingRunsQuery = queryOptions({ queryKey: ['training-runs'], queryFn: api.trainingRuns });
export const trainingRunQuery = (id: number) =>
  queryOptions({ queryKey: ['training-runs', id], queryFn: () => api.trainingRun(id) });
