/** Class weights in service: started by a decision, ended by the next one that does not hold with them, or by a person. */
import type { EntityManager } from 'typeorm';
import { requestRankingOfOpenTickets } from '../../suggest/requests/ranking-request.js';
import { monitorActor } from '../../access/audit-log.js';
import type { DecisionEvidence, RetrainAction } from './retrain-decision.js';

/**
 * What becomes of the weights in service. What labels say of the mix comes first, whatever else is decided. Without labels weights are right as long as the shares are estimated to have moved: where nothing
 * alarms any more, or the tickets are explained otherwise, the model is better off without.
 */
export function nextReweighting(
  action: RetrainAction,
  { alarm, labelShift, reweighted }: Pick<DecisionEvidence, 'alarm' | 'labelShift' | 'reweighted'>,
  mix: { isOther: boolean } | null,
): 'start' | 'end' | 'keep' {
  if (mix) return mix.isOther ? 'start' : 'keep';
  if (action === 'reweight') return 'start';
  if (!reweighted || (alarm && labelShift === null)) return 'keep';
  return alarm && labelShift?.mayExplain ? 'keep' : 'end';
}

/**
 * Puts weights into service for one model version, in place of those that it had. Every replica takes them up with its next
 * look, and the open tickets are ranked again in the background.
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
  await requestRankingOfOpenTickets(manager, 'model');
}

/** @returns whether there were any */
export async function endReweighting(manager: EntityManager, modelVersion: string, by: string): Promise<boolean> {
  const [, count] = await manager.query<[unknown[], number]>(
    'UPDATE reweightings SET ended_at = now(), ended_by = $2 WHERE model_version = $1 AND ended_at IS NULL',
    [modelVersion, by],
  );
  if (count > 0) await requestRankingOfOpenTickets(manager, 'model');
  return count > 0;
}

/** Weights are those of one model: a version that comes back starts without. */
export async function endReweightingsBut(manager: EntityManager, serving: string): Promise<void> {
  await manager.query(
    'UPDATE reweightings SET ended_at = now(), ended_by = $2 WHERE model_version <> $1 AND ended_at IS NULL',
    [serving, monitorActor],
  );
}
