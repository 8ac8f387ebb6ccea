/**
 * Takes back by itself what agents accept less of: a version that is tried out, and a champion that a training run has made.
 * What a person has promoted is left to people.
 */
import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { recordAudit } from '../../access/audit-log.js';
import { tryLockInTransaction } from '../../database/advisory-locks.js';
import { rollbackTarget, moveAlias } from '../../suggest/versions/model-registry.js';
import { message, comparedWithChampion } from '../../suggest/versions/model-messages.js';
import { activeRollout, endRollout, type Rollout } from '../../suggest/versions/rollouts.js';
import { loadChampionRecord, loadCanaryPairs, loadShadowPairs } from './acceptance.query.js';
import { championVerdict, rolloutVerdict } from './acceptance-watch.js';
import { runActor } from '../../access/audit-log.js';

const intervalMs = 5_000;
const actor = 'acceptance watch';

@Injectable()
export class RolloutWatch {
  private readonly logger = new Logger('Rollout');
  private timer: NodeJS.Timeout | undefined;
  private evaluating: Promise<void> | null = null;

  constructor(private readonly dataSource: DataSource) {}

  start(): void {
    this.timer = setInterval(() => void this.evaluate(), intervalMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.evaluating;
  }

  /** Never rejects: the next look sees the same and more. */
  evaluate(): Promise<void> {
    this.evaluating ??= this.dataSource
      .transaction(async (manager) => {
        if (!(await tryLockInTransaction(manager, 'rolloutWatch'))) return;
        const moves = await championMoves(manager);
        const rollout = await activeRollout(manager);
        if (rollout) await this.evaluateRollout(manager, rollout, moves.at(-1)?.version ?? null);
        else await this.evaluateChampion(manager, moves);
      })
      .catch((error: unknown) => this.logger.warn(`the acceptance waits to be looked at: ${String(error)}`))
      .finally(() => (this.evaluating = null));
    return this.evaluating;
  }

  private async evaluateRollout(manager: EntityManager, rollout: Rollout, champion: string | null): Promise<void> {
    const { version, mode } = rollout;
    const pairs =
      mode === 'shadow'
        ? await loadShadowPairs(manager, rollout)
        : await loadCanaryPairs(manager, rollout, champion ?? '');
    const { state, ...figures } = rolloutVerdict(pairs);
    await manager.query('UPDATE rollouts SET pairs = $2, standing = $3 WHERE id = $1', [
      rollout.id,
      pairs.length,
      state === 'worse' ? comparedWithChampion.worse(figures) : comparedWithChampion.open(figures),
    ]);
    if (state === 'open') return;
    const reason = message(`rollout-${state}`, { mode, version, ...figures });
    this.logger.log(reason.sentence);
    if (state === 'good') await moveAlias(manager, 'champion', version, actor, reason);
    await endRollout(manager, { outcome: state === 'good' ? 'promoted' : 'rolled-back', reason });
    const action = state === 'good' ? 'model.promote' : 'model.rollback';
    await recordAudit(manager, { actor, action, target: version, detail: { reason: reason.sentence } });
  }

  private async evaluateChampion(manager: EntityManager, moves: ChampionMove[]): Promise<void> {
    const last = moves.at(-1);
    const previous = rollbackTarget(moves.map(({ version }) => version));
    if (last?.actor !== runActor || previous === null) return;
    const { version, movedAt: since } = last;
    const { outcomes, before } = await loadChampionRecord(manager, { version, previous, since });
    const { state, ...figures } = championVerdict(outcomes, before);
    if (state !== 'worse') return;
    const reason = message('champion-worse', { version, ...figures });
    this.logger.warn(`back to ${previous}: ${reason.sentence}`);
    await moveAlias(manager, 'champion', previous, actor, reason);
    await recordAudit(manager, {
      actor,
      action: 'model.rollback',
      target: previous,
      detail: { reason: reason.sentence },
    });
  }
}

interface ChampionMove {
  version: string;
  actor: string;
  movedAt: Date;
}

const championMoves = (manager: EntityManager): Promise<ChampionMove[]> =>
  manager.query(
    `SELECT version, actor, moved_at AS "movedAt" FROM model_alias_moves WHERE alias = 'champion' ORDER BY id`,
  );
