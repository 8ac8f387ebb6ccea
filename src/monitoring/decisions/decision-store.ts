/** Makes decisions from an evaluation and the state of the database, stores them, and puts them into effect. */
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../../access/audit-log.js';
import type { Stream } from '../../records/tickets/observed-ticket.entity.js';
import { notifyMonitor } from '../../events/change-events.js';
import { championSql } from '../../suggest/requests/champion.js';
import { textMatchVersion } from '../../suggest/requests/serving-version.js';
import { monitorActor } from '../../access/audit-log.js';
import {
  decide,
  isHarmful,
  type DecisionEvidence,
  type DecisionSettings,
  type RetrainDecision,
} from './retrain-decision.js';
import { differsFromActiveWeights } from '../diagnosis/class-prior.js';
import { endReweighting, nextReweighting, startReweighting } from './reweighting.js';
import { emptyEvaluation, EvaluationResult } from '../diagnosis/alert-diagnosis.js';

export interface DecisionRequest {
  /** `monitor`, `schedule`, or the name of a person */
  requestedBy: string;
  now: Date;
  stream: Stream;
  modelVersion: string;
  evaluation: EvaluationResult;
  requested: boolean;
  scheduleDue: boolean;
  /** Of the first cause */
  alert: number | null;
  settings: DecisionSettings;
}

/**
 * Decides, stores the decision, and changes the class weights of the serving model where the decision or the class prior asks for it.
 * Sample tickets are monitored but never change the serving model.
 */
export async function decideAndStore(
  manager: EntityManager,
  request: DecisionRequest,
): Promise<RetrainDecision & { id: number }> {
  const { now, requested, scheduleDue, settings } = request;
  const { weights, classPrior: estimated, estimatedAccuracy, ...facts } = request.evaluation;
  const { activeWeights, isReverted, ...stored } = await loadFacts(manager, request);
  const classPrior = isReverted ? null : estimated;
  const evidence = { now, requested, scheduleDue, ...facts, ...stored };
  const decision = decide(evidence, settings);
  const harmful = isHarmful(evidence.loss, settings.minLoss, evidence.wasHarmful);
  const detail = { ...evidence, harmful, estimatedAccuracy, classPrior, ...(weights !== null && { weights }) };
  const id = await storeDecision(manager, request, decision, detail);
  if (request.stream === 'tickets') {
    const isOther = classPrior && { isOther: differsFromActiveWeights(classPrior, activeWeights) };
    const next = nextReweighting(decision.action, evidence, isOther);
    await updateReweighting(manager, request, { decision: id, next, weights: classPrior?.weights ?? weights ?? {} });
  }
  return { ...decision, id };
}

async function storeDecision(
  manager: EntityManager,
  { now, modelVersion, stream, requestedBy, alert }: DecisionRequest,
  decision: RetrainDecision,
  detail: object,
): Promise<number> {
  const [row]: { id: number }[] = await manager.query(
    `INSERT INTO retrain_decisions (decided_at, model_version, stream, action, reasons, messages, requested_by, alert, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
    [
      now,
      modelVersion,
      stream,
      decision.action,
      JSON.stringify(decision.reasons),
      JSON.stringify(decision.messages),
      requestedBy,
      alert,
      detail,
    ],
  );
  await notifyMonitor(manager);
  return row?.id ?? 0;
}

async function updateReweighting(
  manager: EntityManager,
  { modelVersion, requestedBy: actor }: DecisionRequest,
  {
    decision,
    next,
    weights,
  }: { decision: number; next: ReturnType<typeof nextReweighting>; weights: Record<string, number> },
): Promise<void> {
  if (next === 'keep') return;
  if (next === 'start') await startReweighting(manager, { modelVersion, decision, weights });
  else await endReweighting(manager, modelVersion, monitorActor);
  await recordAudit(manager, { actor, action: `reweighting.${next}`, target: modelVersion });
}

/** The monitor's last evaluation; an empty one before the first. */
export async function loadLastEvaluation(
  manager: EntityManager,
  { modelVersion, stream }: { modelVersion: string; stream: Stream },
): Promise<{ evaluation: EvaluationResult; alert: number | null }> {
  const [row]: { detail: Partial<EvaluationResult>; alert: number | null }[] = await manager.query(
    `SELECT detail, alert FROM retrain_decisions
      WHERE model_version = $1 AND stream = $2 AND requested_by = $3 ORDER BY id DESC LIMIT 1`,
    [modelVersion, stream, monitorActor],
  );
  const { alarm, causes, labelShift, loss, riskRisen, weights, classPrior, estimatedAccuracy } = {
    ...emptyEvaluation,
    ...row?.detail,
  };
  return {
    evaluation: { alarm, causes, labelShift, loss, riskRisen, weights, classPrior, estimatedAccuracy },
    alert: row?.alert ?? null,
  };
}

export async function loadServingVersion(manager: EntityManager): Promise<string> {
  const [row]: { version: string }[] = await manager.query(`SELECT ${championSql} AS version`);
  return row?.version ?? textMatchVersion;
}

type StoredFacts = Pick<
  DecisionEvidence,
  'reweighted' | 'freshLabels' | 'unlearnedLabels' | 'topicLabels' | 'lastTrainedAt' | 'wasHarmful'
> & {
  /** Class weights by template; null without */
  activeWeights: Record<string, number> | null;
  /** A person has reverted the last ones of this version, so the monitor does not start new ones. */
  isReverted: boolean;
};

/**
 * A label is new if it arrived after the last training read the labels: those of a rejected challenger teach the next one nothing
 * more. The time of arrival counts: history that is imported today is new today.
 */
async function loadFacts(
  manager: EntityManager,
  { modelVersion, stream }: Pick<DecisionRequest, 'modelVersion' | 'stream'>,
): Promise<StoredFacts> {
  const [row]: StoredFacts[] = await manager.query(
    `WITH serving AS (
         SELECT metadata -> 'classes' AS classes,
                coalesce((SELECT max(started_at) FROM training_runs WHERE challenger = $1), created_at) AS learned_at
           FROM model_versions WHERE version = $1),
       attempt AS (SELECT max(started_at) AS at FROM training_runs WHERE state IN ('promoted', 'rollout', 'rejected')),
       unlearned AS (
         SELECT l.template_id, coalesce(c.received_at, t.received_at) AS came_at
           FROM labels l JOIN tickets t ON t.id = l.ticket LEFT JOIN choices c ON c.id = l.choice
          WHERE NOT t.sample
            AND coalesce(c.received_at, t.received_at) > coalesce((SELECT learned_at FROM serving), '-infinity'))
       SELECT EXISTS (SELECT 1 FROM reweightings WHERE model_version = $1 AND ended_at IS NULL) AS reweighted,
              (SELECT weights FROM reweightings WHERE model_version = $1 AND ended_at IS NULL) AS "activeWeights",
              coalesce((SELECT ended_by <> $3 FROM reweightings WHERE model_version = $1 ORDER BY id DESC LIMIT 1), false)
                AS "isReverted",
              (SELECT max(created_at) FROM model_versions) AS "lastTrainedAt",
              coalesce((SELECT (detail -> 'alarm')::boolean AND (detail -> 'harmful')::boolean FROM retrain_decisions
                         WHERE model_version = $1 AND stream = $2 AND requested_by = $3 ORDER BY id DESC LIMIT 1), false)
                AS "wasHarmful",
              (SELECT count(*)::int FROM unlearned
                WHERE came_at > coalesce((SELECT at FROM attempt), '-infinity')) AS "freshLabels",
              (SELECT count(*)::int FROM unlearned) AS "unlearnedLabels",
              (SELECT count(*)::int FROM unlearned WHERE template_id IS NOT NULL
                  AND NOT coalesce((SELECT classes FROM serving), '[]') ? template_id) AS "topicLabels"`,
    [modelVersion, stream, monitorActor],
  );
  if (!row) throw new Error('a count has one row');
  return row;
}
