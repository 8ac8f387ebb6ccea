/** What the ML engineer's pages ask the service. */
import { call, sent } from '../api.js';
import type { Page } from '../api-types.js';
import type { components } from '../openapi.js';

type Schemas = components['schemas'];

export type Models = Schemas['Models'];
export type ModelVersion = Schemas['ModelVersion'];
export type AliasMove = Schemas['AliasMove'];
export type Rollout = Schemas['Rollout'];
export type TrainingRun = Schemas['TrainingRun'];
export type Comparison = Schemas['Comparison'];
export type TrainingReport = Schemas['TrainingReport'];

const part = encodeURIComponent;

export const models = (): Promise<Models> => call('models');
export const moves = (): Promise<AliasMove[]> => call('models/moves');
export const rollouts = (): Promise<Rollout[]> => call('models/rollouts');
export const report = (version: string): Promise<TrainingReport> => call(`models/${part(version)}/report`);

export const promote = (version: string): Promise<unknown> => call(`models/${part(version)}/promote`, sent('POST', {}));
export const shadow = (version: string): Promise<unknown> => call(`models/${part(version)}/shadow`, sent('POST', {}));
export const canary = (version: string, share: number): Promise<unknown> =>
  call(`models/${part(version)}/canary`, sent('POST', { share }));
export const rollBack = (): Promise<unknown> => call('models/rollback', sent('POST', {}));

export const trainingRuns = (): Promise<Page<TrainingRun>> => call('training-runs?limit=200');
export const trainingRun = (id: number): Promise<TrainingRun> => call(`training-runs/${id}`);
export const startTraining = (): Promise<TrainingRun> => call('training-runs', sent('POST', {}));
export const cancelTraining = (id: number): Promise<TrainingRun> =>
  call(`training-runs/${id}/cancel`, sent('POST', {}));
