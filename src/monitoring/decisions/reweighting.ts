/** Class weights in service: started by a decision, ended by a later decision or by a person. */
import type { EntityManager } from 'typeorm';
import { requestRankingForOpenTickets } from '../../suggest/requests/ranking-request.js';
import { monitorActor } from '../../access/audit-log.js';
import type { DecisionEvidence, RetrainAction } from './retrain-decision.js';

/**
 * Whether class weights start, end or stay. The class prior by labels takes precedence over the decision. Without labels, weights stay
 * while the estimated shift may explain the tickets; where nothing alarms any more, the model is better off without.
 */
export function nextReweighting(
  action: RetrainAction,
  { alarm, labelShift, reweighted }: Pick<DecisionEvidence, 'alarm' | 'labelShift' | 'reweighted'>,
  classPrior: { isOther: boolean } | null,
): 'start' | 'end' | 'keep' {
  if (classPrior) return classPrior.isOther ? 'start' : 'keep';
  if (action === 'reweight') return 'start';
  if (!reweighted || (alarm && labelShift === null)) return 'keep';
  return alarm && labelShift?.mayExplain ? 'keep' : 'end';
}

/**
 * Replaces the class weights of a model version. Every replica loads them at its next poll, and open tickets are ranked again in the
 * background.
 *
 * @param weights by template: its share now, divided by its share in training
 */
export async function startReweighting(
  manager: EntityManager,
  { modelVersion, decision, weights }: { modelVersion: string; decision: number; weights: Record<string, number> },
): Promise<void> {
  await endReweighting(manager, modelVersion, monitorActor);
  await manager.query('INSERT INTO reweightings (model_version, decision, weights) VALUES ($1, $2, $3)', [
    modelVersion,
    decision,
    weights,
  ]);
  await requestRankingForOpenTickets(manager, 'model');
}

/** @returns whether there were any */
export async function endReweighting(manager: EntityManager, modelVersion: string, by: string): Promise<boolean> {
  const [, count] = await manager.query<[unknown[], number]>(
    'UPDATE reweightings SET ended_at = now(), ended_by = $2 WHERE model_version = $1 AND ended_at IS NULL',
    [modelVersion, by],
  );
  if (count > 0) await requestRankingForOpenTickets(manager, 'model');
  return count > 0;
}

/** Weights belong to one model: a version that is promoted again starts without. */
export async function endOtherReweightings(manager: EntityManager, serving: string): Promise<void> {
  await manager.query(
    'UPDATE reweightings SET ended_at = now(), ended_by = $2 WHERE model_version <> $1 AND ended_at IS NULL',
    [serving, monitorActor],
  );
}
