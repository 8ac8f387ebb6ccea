/**
 * Automatic rollback on a significantly lower acceptance rate: of the active rollout, and of a champion that a training run has
 * promoted. A champion that a person has promoted is left to people.
 */
import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { recordAudit, runActor } from '../../access/audit-log.js';
import { BackgroundLoop } from '../../processes/background-loop.js';
import { tryLockInTransaction } from '../../database/advisory-locks.js';
import { loadChampionMoves, type ChampionMove } from '../../suggest/requests/champion.js';
import { moveAlias, rollbackTarget } from '../../suggest/versions/model-registry.js';
import { message, comparedWithChampion } from '../../suggest/versions/model-messages.js';
import { activeRollout, endRollout, type Rollout } from '../../suggest/versions/rollouts.js';
import { loadChampionRecord, loadCanaryPairs, loadShadowPairs } from './acceptance.query.js';
import { championVerdict, rolloutVerdict } from './acceptance-watch.js';

const intervalMs = 5_000;
const actor = 'acceptance watch';

@Injectable()
export class RolloutWatch {
  private readonly logger = new Logger('Rollout');
  private readonly loop = new BackgroundLoop({
    run: () => this.evaluateAll(),
    onError: (error) => this.logger.warn(`the acceptance could not be evaluated: ${String(error)}`),
    intervalMs,
    startDelayMs: intervalMs,
  });

  constructor(private readonly dataSource: DataSource) {}

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Never rejects: the next evaluation includes the same tickets. */
  evaluate(): Promise<void> {
    return this.loop.runNow();
  }

  private evaluateAll(): Promise<void> {
    return this.dataSource.transaction(async (manager) => {
      if (!(await tryLockInTransaction(manager, 'rolloutWatch'))) return;
      const moves = await loadChampionMoves(manager);
      const rollout = await activeRollout(manager);
      if (rollout) await this.evaluateRollout(manager, rollout, moves.at(-1)?.version ?? null);
      else await this.evaluateChampion(manager, moves);
    });
  }

  private async evaluateRollout(manager: EntityManager, rollout: Rollout, champion: string | null): Promise<void> {
    const { version, mode } = rollout;
    const pairs =
      mode === 'shadow'
        ? await loadShadowPairs(manager, rollout)
        : await loadCanaryPairs(manager, rollout, champion ?? '');
    const { state, ...figures } = rolloutVerdict(pairs);
    await manager.query('UPDATE rollouts SET pairs = $2, result = $3 WHERE id = $1', [
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
    const { outcomes, before: earlier } = await loadChampionRecord(manager, { version, previous, since });
    const { state, acceptance, previous: before, tickets } = championVerdict(outcomes, earlier);
    if (state !== 'worse') return;
    const reason = message('champion-worse', { version, now: acceptance, before, tickets });
    this.logger.warn(`rolled back to ${previous}: ${reason.sentence}`);
    await moveAlias(manager, 'champion', previous, actor, reason);
    await recordAudit(manager, {
      actor,
      action: 'model.rollback',
      target: previous,
      detail: { reason: reason.sentence },
    });
  }
}
