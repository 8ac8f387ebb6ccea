import { HttpStatus, Inject, Injectable } from '@nestjs/common';
import { DataSource, LessThan } from 'typeorm';
import type { z } from 'zod';
import { recordAudit } from '../../access/audit-log.js';
import { ProblemException } from '../../http/problem.js';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { RetrainDecisionRow } from '../../records/monitoring/retrain-decision.entity.js';
import { page } from '../../http/cursor.js';
import { found } from '../../http/found.js';
import { decideAndStore, loadLastEvaluation, loadServingVersion } from './decision-store.js';
import { decisionSettings } from './decision-settings.js';
import type { ReweightingAnswer } from './decisions.schema.js';
import type { DecisionsQuery } from './decisions.schema.js';
import type { decisionSchema } from './decisions.schema.js';
import type { RetrainDecision } from './retrain-decision.js';
import { endReweighting } from './reweighting.js';

type DecisionAnswer = z.infer<typeof decisionSchema>;

/** Lists decisions, and makes those that people or the schedule request. */
@Injectable()
export class DecisionsService {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  /** Newest first. */
  async list({ action, stream, limit, cursor }: DecisionsQuery) {
    const rows = await this.dataSource.getRepository(RetrainDecisionRow).find({
      where: { ...(action && { action }), ...(stream && { stream }), ...(cursor && { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return page(rows as DecisionAnswer[], limit, (last) => last.id);
  }

  async get(id: number): Promise<DecisionAnswer> {
    const row = await this.dataSource.getRepository(RetrainDecisionRow).findOneBy({ id });
    return found(row, `there is no decision ${id}`) as DecisionAnswer;
  }

  /** A person requests a decision on the last evaluation, or a retraining whatever it shows. */
  async request(request: 'evaluation' | 'retraining', actor: string): Promise<DecisionAnswer> {
    const { id } = await this.decideNow({
      requestedBy: actor,
      requested: request === 'retraining',
      scheduleDue: false,
    });
    return this.get(id);
  }

  /** Decides about the serving model on the last evaluation. */
  decideNow(order: {
    requestedBy: string;
    requested: boolean;
    scheduleDue: boolean;
  }): Promise<RetrainDecision & { id: number }> {
    return this.dataSource.transaction(async (manager) => {
      const key = { modelVersion: await loadServingVersion(manager), stream: 'tickets' as const };
      const settings = decisionSettings(this.config);
      const decision = await decideAndStore(manager, {
        ...order,
        ...key,
        ...(await loadLastEvaluation(manager, key)),
        settings,
        now: new Date(),
      });
      const { id, action } = decision;
      const { requestedBy: actor } = order;
      await recordAudit(manager, { actor, action: 'retrain-decision.request', target: String(id), detail: { action } });
      return decision;
    });
  }

  /** Reverts the class weights of a decision. @throws ProblemException 404, or 409 where they are not active */
  async revert(id: number, actor: string): Promise<ReweightingAnswer> {
    const { modelVersion } = await this.get(id);
    await this.dataSource.transaction(async (manager) => {
      const active: unknown[] = await manager.query(
        'SELECT 1 FROM reweightings WHERE decision = $1 AND ended_at IS NULL FOR UPDATE',
        [id],
      );
      if (active.length === 0) {
        throw new ProblemException(HttpStatus.CONFLICT, `decision ${id} has no class weights in service`);
      }
      await endReweighting(manager, modelVersion, actor);
      await recordAudit(manager, { actor, action: 'reweighting.end', target: modelVersion, detail: { decision: id } });
    });
    const [row]: ReweightingAnswer[] = await this.dataSource.query(
      `SELECT decision, model_version AS "modelVersion", weights, started_at AS "startedAt", ended_at AS "endedAt",
              ended_by AS "endedBy" FROM reweightings WHERE decision = $1 ORDER BY id DESC LIMIT 1`,
      [id],
    );
    return found(row ?? null, `decision ${id} has no class weights`);
  }
}
