/** What the ML engineer's pages ask the service. */
import { call, sent } from '../service/api.js';
import type { Page } from '../service/api-types.js';
import type { components } from '../service/openapi.js';

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

export type Quality = Schemas['Quality'];
export type Alert = Schemas['Alert'];
export type AlertDetail = Schemas['AlertDetail'];
export type Drift = Schemas['Drift'];
export type Decision = Schemas['RetrainDecision'];
export type Schedule = Schemas['RetrainSchedule'];
export type AgentAgreement = Schemas['AgentAgreement'];
export type LabelQueue = Schemas['LabelQueue'];
export type SuspectedLabels = Schemas['SuspectedLabels'];
export type AuditEntry = Schemas['AuditEntry'];

/** Of the last `days` days, and of as many before. */
export const quality = (days: number): Promise<Quality> => call(`metrics/quality?days=${days}`);
export const alerts = (): Promise<Page<Alert>> => call('alerts?limit=200');
export const alert = (id: number): Promise<AlertDetail> => call(`alerts/${id}`);
export const acknowledge = (id: number): Promise<AlertDetail> => call(`alerts/${id}/acknowledge`, sent('POST', {}));
export const snooze = (id: number, body: Schemas['Snooze']): Promise<AlertDetail> =>
  call(`alerts/${id}/snooze`, sent('POST', body));
export const closeAlert = (id: number, reason: string): Promise<AlertDetail> =>
  call(`alerts/${id}/close`, sent('POST', { reason }));

export const drift = (signals: readonly string[], days: number): Promise<Drift> =>
  call(`drift?days=${days}&series=${signals.map(part).join(',')}`);

export const decisions = (): Promise<Page<Decision>> => call('retrain-decisions?limit=100');
export const decide = (request: 'evaluation' | 'retraining'): Promise<Decision> =>
  call('retrain-decisions', sent('POST', { request }));
export const revert = (id: number): Promise<unknown> => call(`retrain-decisions/${id}/revert`, sent('POST', {}));
export const schedule = (): Promise<Schedule> => call('training-runs/schedule');

export const agreement = (): Promise<AgentAgreement> => call('labels/agreement');
export const labelQueue = (): Promise<LabelQueue> => call('labels/queue');
export const suspectedLabels = (): Promise<SuspectedLabels> => call('labels/suspected');

export const auditLog = (cursor: string | null): Promise<Page<AuditEntry>> =>
  call(`audit-log?limit=100${cursor === null ? '' : `&cursor=${part(cursor)}`}`);
