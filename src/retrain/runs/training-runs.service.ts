import { HttpStatus, Injectable } from '@nestjs/common';
import { DataSource, In, LessThan } from 'typeorm';
import { recordAudit } from '../../access/audit-log.js';
import { ProblemException } from '../../http/problem.js';
import { TrainingRun, type RunState } from '../../records/training-run.entity.js';
import { page } from '../../http/cursor.js';
import { found } from '../../http/found.js';
import { notifyTrainingRun } from '../../events/change-events.js';
import { startRun } from './run-store.js';

/** Training runs as people read them, and those that they ask for. */
@Injectable()
export class TrainingRunsService {
  constructor(private readonly dataSource: DataSource) {}

  /** Newest first. */
  async list({ state, limit, cursor }: { state?: RunState | undefined; limit: number; cursor?: number | undefined }) {
    const rows = await this.dataSource.getRepository(TrainingRun).find({
      where: { ...(state && { state }), ...(cursor !== undefined && { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return page(rows.map(toResponse), limit, (last) => last.id);
  }

  async get(id: number) {
    const row = await this.dataSource.getRepository(TrainingRun).findOneBy({ id });
    return toResponse(found(row, `there is no training run ${id}`));
  }

  /** Starts one, or names the one that is under way. */
  async start(actor: string) {
    const { id } = await this.dataSource.transaction(async (manager) => {
      const run = await startRun(manager, { trigger: 'person', askedBy: actor, decision: null });
      if (run.started) await recordAudit(manager, { actor, action: 'training-run.start', target: String(run.id) });
      return run;
    });
    return this.get(id);
  }

  /** Its runner hears of it within seconds. @throws ProblemException 404, or 409 where it has ended */
  async cancel(id: number, actor: string) {
    await this.get(id);
    await this.dataSource.transaction(async (manager) => {
      const unfinished = { id, state: In(['queued', 'running']) };
      const { affected } = await manager.update(TrainingRun, unfinished, { cancelAsked: true });
      if (affected === 0) throw new ProblemException(HttpStatus.CONFLICT, `training run ${id} has ended`);
      const queued = await manager.update(
        TrainingRun,
        { id, state: 'queued' },
        { state: 'cancelled', endedAt: new Date() },
      );
      if (queued.affected) await notifyTrainingRun(manager, { id, state: 'cancelled', phase: null, progress: null });
      await recordAudit(manager, { actor, action: 'training-run.cancel', target: String(id) });
    });
    return this.get(id);
  }
}

function toResponse({ heldOutFrom, runner, leaseUntil, cancelAsked, ...run }: TrainingRun) {
  return { ...run, curves: run.curves as { training: string; loss: number[] }[] };
}
