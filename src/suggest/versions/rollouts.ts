/** Rollouts: a shadow ranks every ticket and shows nothing, a canary ranks a share of the tickets instead of the champion. */
import type { EntityManager } from 'typeorm';
import { hash32 } from '../../statistics/random.js';
import type { Ranking } from '../../models/ranker.js';
import { moveAlias } from './model-registry.js';
import { message } from './model-messages.js';
import { requestRankingForVersion } from '../requests/ranking-request.js';
import type { EnglishMessage } from '../../messages/localized-message.js';
import { notifyModels } from '../../events/change-events.js';

export type RolloutMode = 'shadow' | 'canary';

export interface Rollout {
  id: number;
  version: string;
  folder: string;
  mode: RolloutMode;
  /** Share of the tickets that it ranks, 0–1 */
  share: number;
  startedAt: Date;
}

export interface NewRollout {
  version: string;
  mode: RolloutMode;
  share: number;
  run: number | null;
  startedBy: string;
}

/** Starts a rollout and ends the active one. @throws UnknownVersion */
export async function startRollout(manager: EntityManager, rollout: NewRollout): Promise<void> {
  await endRollout(manager, { outcome: 'ended', reason: message('other-tried-out', { version: rollout.version }) });
  await moveAlias(manager, 'challenger', rollout.version, rollout.startedBy, message(rollout.mode));
  await manager.query('INSERT INTO rollouts (version, mode, share, run, started_by) VALUES ($1, $2, $3, $4, $5)', [
    rollout.version,
    rollout.mode,
    rollout.share,
    rollout.run,
    rollout.startedBy,
  ]);
  await notifyModels(manager);
}

/** Ends the active rollout, if any, and updates the state of its training run. @returns its version */
export async function endRollout(
  manager: EntityManager,
  { outcome, reason }: { outcome: 'promoted' | 'rolled-back' | 'ended'; reason: EnglishMessage },
): Promise<string | null> {
  const [rows] = await manager.query<[{ version: string; run: number | null }[], number]>(
    `UPDATE rollouts SET ended_at = now(), outcome = $1, reason = $2, message = $3 WHERE ended_at IS NULL
     RETURNING version, run`,
    [outcome, reason.sentence, reason.message ?? null],
  );
  const [ended] = rows;
  if (!ended) return null;
  const state = outcome === 'promoted' ? 'promoted' : 'rejected';
  await manager.query(`UPDATE training_runs SET state = $2 WHERE id = $1 AND state = 'rollout'`, [ended.run, state]);
  // A new champion re-ranks all open tickets; otherwise only the canary's suggestions are replaced.
  if (outcome !== 'promoted') await requestRankingForVersion(manager, ended.version);
  await notifyModels(manager);
  return ended.version;
}

export async function activeRollout(manager: EntityManager): Promise<Rollout | null> {
  const [row]: Rollout[] = await manager.query(
    `SELECT r.id, r.version, v.folder, r.mode, r.share, r.started_at AS "startedAt"
       FROM rollouts r JOIN model_versions v ON v.version = r.version WHERE r.ended_at IS NULL`,
  );
  return row ?? null;
}

/** By a hash of the ticket's identity: every replica routes a ticket the same way, whenever it is ranked. */
export function routesToCanary(ticket: { source: string; ticketId: string }, { version, share }: Rollout): boolean {
  return hash32(`${version} ${ticket.source}:${ticket.ticketId}`) / 2 ** 32 < share;
}

const maxStoredItems = 10;

/** Upserts the rankings of a shadow version. */
export async function storeShadowRankings(
  manager: EntityManager,
  tickets: { claimed: { ticket: number } }[],
  answers: { version: string; ranking: Ranking }[],
): Promise<void> {
  const rows = tickets.map(({ claimed }, index) => {
    const { items = [], abstained = true } = answers[index]?.ranking ?? {};
    const ranking = items.slice(0, maxStoredItems).map(({ templateId, probability }) => ({ templateId, probability }));
    return { ticket: claimed.ticket, version: answers[index]?.version ?? '', abstained, ranking };
  });
  await manager.query(
    `INSERT INTO shadow_rankings (ticket, version, abstained, ranking)
     SELECT ticket, version, abstained, ranking
       FROM jsonb_to_recordset($1::jsonb) AS r (ticket bigint, version text, abstained boolean, ranking jsonb)
     ON CONFLICT (ticket, version) DO UPDATE SET abstained = EXCLUDED.abstained, ranking = EXCLUDED.ranking`,
    [JSON.stringify(rows)],
  );
}
