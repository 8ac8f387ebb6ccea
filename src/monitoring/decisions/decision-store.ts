/** Decisions in the database: made from what the last look saw and what the database says now, and put into effect. */
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../../access/audit-log.js';
import type { Stream } from '../../records/observed-ticket.entity.js';
import { notifyMonitor } from '../../events/change-events.js';
import { textMatchVersion } from '../../suggest/requests/serving-version.js';
import { monitorActor } from '../../access/audit-log.js';
import {
  decide,
  isHarmful,
  type DecisionEvidence,
  type DecisionSettings,
  type RetrainDecision,
} from './retrain-decision.js';
import { isOtherMix } from '../diagnosis/labelled-mix.js';
import { endReweighting, nextReweighting, startReweighting } from './reweighting.js';
import { nothingSeen, SeenEvidence } from '../diagnosis/explanation.js';

export interface DecisionOrder {
  /** `monitor`, `schedule`, or the name of a person */
  askedBy: string;
  now: Date;
  stream: Stream;
  modelVersion: string;
  seen: SeenEvidence;
  requested: boolean;
  scheduleDue: boolean;
  /** Of the first cause */
  alert: number | null;
  settings: DecisionSettings;
}

/**
 * Decides, stores the decision, and re-weights the model in service where that is the decision. Sample tickets are watched,
 * but nothing that they say changes what is in service.
 */
export async function decideAndStore(
  manager: EntityManager,
  order: DecisionOrder,
): Promise<RetrainDecision & { id: number }> {
  const { askedBy, now, stream, modelVersion, seen, requested, scheduleDue, settings } = order;
  const { weights, mix: told, estimatedAccuracy, ...facts } = seen;
  const { inService, takenBack, ...stored } = await factsOf(manager, order);
  const mix = takenBack ? null : told;
  const evidence = { now, requested, scheduleDue, ...facts, ...stored };
  const decision = decide(evidence, settings);
  const harmful = isHarmful(evidence.loss, settings.leastLoss, evidence.wasHarmful);
  const detail = { ...evidence, harmful, estimatedAccuracy, mix, ...(weights !== null && { weights }) };
  const [row]: { id: number }[] = await manager.query(
    `INSERT INTO retrain_decisions (decided_at, model_version, stream, action, reasons, messages, asked_by, alert, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
    [
      now,
      modelVersion,
      stream,
      decision.action,
      JSON.stringify(decision.reasons),
      JSON.stringify(decision.messages),
      askedBy,
      order.alert,
      detail,
    ],
  );
  const id = row?.id ?? 0;
  await notifyMonitor(manager);
  if (stream === 'tickets') {
    const next = nextReweighting(decision.action, evidence, mix && { isOther: isOtherMix(mix, inService) });
    const wanted = mix?.weights ?? weights ?? {};
    if (next === 'start') await startReweighting(manager, { modelVersion, decision: id, weights: wanted });
    if (next === 'end') await endReweighting(manager, modelVersion, monitorActor);
    if (next !== 'keep') {
      await recordAudit(manager, { actor: askedBy, action: `reweighting.${next}`, target: modelVersion });
    }
  }
  return { ...decision, id };
}

/** What the last look of the monitor saw; nothing where it has not looked yet. */
export async function lastSeen(
  manager: EntityManager,
  of: { modelVersion: string; stream: Stream },
): Promise<{ seen: SeenEvidence; alert: number | null }> {
  const [row]: { detail: Partial<SeenEvidence>; alert: number | null }[] = await manager.query(
    `SELECT detail, alert FROM retrain_decisions
      WHERE model_version = $1 AND stream = $2 AND asked_by = $3 ORDER BY id DESC LIMIT 1`,
    [of.modelVersion, of.stream, monitorActor],
  );
  const { alarm, causes, labelShift, loss, riskRisen, weights, mix, estimatedAccuracy } = {
    ...nothingSeen,
    ...row?.detail,
  };
  return {
    seen: { alarm, causes, labelShift, loss, riskRisen, weights, mix, estimatedAccuracy },
    alert: row?.alert ?? null,
  };
}

/** What ranks now. */
export async function servingVersion(manager: EntityManager): Promise<string> {
  const [row]: { version: string }[] = await manager.query(
    `SELECT version FROM model_aliases WHERE alias = 'champion'`,
  );
  return row?.version ?? textMatchVersion;
}

type StoredFacts = Pick<
  DecisionEvidence,
  'reweighted' | 'freshLabels' | 'unlearnedLabels' | 'topicLabels' | 'lastTrainedAt' | 'wasHarmful'
> & {
  /** Weights of the templates; null without */
  inService: Record<string, number> | null;
  /** A person has ended the last ones of this version: they do not come back by themselves. */
  takenBack: boolean;
};

/**
 * A label is fresh where it came after the last attempt had read the labels: what a kept challenger learned from teaches the
 * next one nothing more. When it came counts, not when it was given: history that is imported today is news today.
 */
async function factsOf(
  manager: EntityManager,
  { modelVersion, stream }: Pick<DecisionOrder, 'modelVersion' | 'stream'>,
): Promise<StoredFacts> {
  const [row]: StoredFacts[] = await manager.query(
    `WITH serving AS (
         SELECT metadata -> 'classes' AS classes,
                coalesce((SELECT max(started_at) FROM training_runs WHERE challenger = $1), created_at) AS learned_at
           FROM model_versions WHERE version = $1),
       attempt AS (SELECT max(started_at) AS at FROM training_runs WHERE state IN ('promoted', 'compared', 'kept')),
       unlearned AS (
         SELECT l.template_id, coalesce(c.received_at, t.received_at) AS came_at
           FROM labels l JOIN tickets t ON t.id = l.ticket LEFT JOIN choices c ON c.id = l.choice
          WHERE NOT t.sample
            AND coalesce(c.received_at, t.received_at) > coalesce((SELECT learned_at FROM serving), '-infinity'))
       SELECT EXISTS (SELECT 1 FROM reweightings WHERE model_version = $1 AND ended_at IS NULL) AS reweighted,
              (SELECT weights FROM reweightings WHERE model_version = $1 AND ended_at IS NULL) AS "inService",
              coalesce((SELECT ended_by <> $3 FROM reweightings WHERE model_version = $1 ORDER BY id DESC LIMIT 1), false)
                AS "takenBack",
              (SELECT max(created_at) FROM model_versions) AS "lastTrainedAt",
              coalesce((SELECT (detail -> 'alarm')::boolean AND (detail -> 'harmful')::boolean FROM retrain_decisions
                         WHERE model_version = $1 AND stream = $2 AND asked_by = $3 ORDER BY id DESC LIMIT 1), false)
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
