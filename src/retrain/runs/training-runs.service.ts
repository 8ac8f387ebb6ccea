import { HttpStatus, Injectable } from '@nestjs/common';
import { DataSource, In, LessThan } from 'typeorm';
import { recordAudit } from '../../access/audit-log.js';
import { ProblemException } from '../../http/problem.js';
import { TrainingRun, type RunState } from '../../records/models/training-run.entity.js';
import { page } from '../../http/cursor.js';
import { found } from '../../http/found.js';
import { notifyTrainingRun } from '../../events/change-events.js';
import { startRun } from './run-store.js';

/** Training runs for the API. */
@Injectable()
export class TrainingRunsService {
  constructor(private readonly dataSource: DataSource) {}

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
    return toResponse(found(row, `training run ${id} does not exist`));
  }

  /** Starts a run, or returns the unfinished one. */
  async start(actor: string) {
    const { id } = await this.dataSource.transaction(async (manager) => {
      const run = await startRun(manager, { trigger: 'person', requestedBy: actor, decision: null });
      if (run.started) await recordAudit(manager, { actor, action: 'training-run.start', target: String(run.id) });
      return run;
    });
    return this.get(id);
  }

  /** A running run stops within seconds. @throws ProblemException 404, or 409 if it has ended */
  async cancel(id: number, actor: string) {
    await this.get(id);
    await this.dataSource.transaction(async (manager) => {
      const unfinished = { id, state: In(['queued', 'running']) };
      const { affected } = await manager.update(TrainingRun, unfinished, { cancelRequested: true });
      if (affected === 0) throw new ProblemException(HttpStatus.CONFLICT, `training run ${id} has already ended`);
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

function toResponse({ heldOutFrom, runner, leaseUntil, cancelRequested, ...run }: TrainingRun) {
  return { ...run, curves: run.curves as { training: string; loss: number[] }[] };
}
