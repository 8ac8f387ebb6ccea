/** Ends a run: its row, and the promotion or rollout that follows, in one transaction. */
import type { DataSource } from 'typeorm';
import type { Config } from '../../config/config.js';
import type { RunState } from '../../records/models/training-run.entity.js';
import { moveAlias } from '../../suggest/versions/model-registry.js';
import { message } from '../../suggest/versions/model-messages.js';
import { endRollout, startRollout } from '../../suggest/versions/rollouts.js';
import { firstModelActor } from './first-model.service.js';
import { endRun, type ClaimedRun, type RunEnd } from './run-store.js';
import { runActor } from '../../access/audit-log.js';

/**
 * A version that has passed the gates is promoted, or starts as shadow or canary if configured.
 *
 * @throws LeaseLost; nothing was changed then
 */
export async function concludeRun(
  dataSource: DataSource,
  run: ClaimedRun,
  end: RunEnd & { challenger: string },
  { RETRAIN_ROLLOUT: mode, RETRAIN_CANARY_SHARE: share }: Pick<Config, 'RETRAIN_ROLLOUT' | 'RETRAIN_CANARY_SHARE'>,
): Promise<RunState> {
  return dataSource.transaction(async (manager) => {
    const { challenger, ...rest } = end;
    const isFirst = run.trigger === 'first';
    const startsRollout = rest.state === 'promoted' && mode !== 'direct' && !isFirst;
    const state = startsRollout ? 'rollout' : rest.state;
    await endRun(manager, run, { ...rest, state });
    const reason = message('training-run', { run: run.id });
    if (state === 'promoted') {
      await moveAlias(manager, 'champion', challenger, isFirst ? firstModelActor : runActor, reason);
      await endRollout(manager, { outcome: 'ended', reason: message('became-champion', { version: challenger }) });
    }
    if (startsRollout) {
      const rollout = {
        version: challenger,
        mode,
        share: mode === 'canary' ? share : 1,
        run: run.id,
        startedBy: runActor,
      };
      await startRollout(manager, rollout);
    }
    return state;
  });
}
