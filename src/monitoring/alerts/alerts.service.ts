import { HttpStatus, Inject, Injectable } from '@nestjs/common';
import { DataSource, LessThan } from 'typeorm';
import { recordAudit } from '../../access/audit-log.js';
import { ProblemException } from '../../http/problem.js';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { Alert } from '../../records/monitoring/alert.entity.js';
import { page } from '../../http/cursor.js';
import { found } from '../../http/found.js';
import type { AlertTransition } from './alert-lifecycle.js';
import { applyPersonTransition } from './alert-store.js';
import type { AlertsQuery } from './alerts.schema.js';
import type { AlertDetail } from './alerts.schema.js';
import type { AlertAnswer } from './alerts.schema.js';

const previewLength = 200;

/** Lists alerts, and applies what people do with them. */
@Injectable()
export class AlertsService {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  /** Newest first. */
  async list({ state, stream, limit, cursor }: AlertsQuery) {
    const rows = await this.dataSource.getRepository(Alert).find({
      where: { ...(state && { state }), ...(stream && { stream }), ...(cursor && { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const { items, nextCursor } = page(rows, limit, (last) => last.id);
    return { items: items.map(toAnswer), nextCursor };
  }

  async get(id: number): Promise<AlertDetail> {
    const row = found(await this.dataSource.getRepository(Alert).findOneBy({ id }), `there is no alert ${id}`);
    const examples: AlertDetail['examples'] = await this.dataSource.query(
      `SELECT t.source, t.ticket_id AS "ticketId", t.subject, left(t.body, ${previewLength}) AS preview
         FROM alert_examples e JOIN tickets t ON t.id = e.ticket WHERE e.alert = $1 ORDER BY e.place`,
      [id],
    );
    const history: AlertDetail['history'] = await this.dataSource.query(
      'SELECT at, actor, kind, reason, message FROM alert_events WHERE alert = $1 ORDER BY id',
      [id],
    );
    const { findings, evidence } = row as unknown as Pick<AlertDetail, 'findings' | 'evidence'>;
    return { ...toAnswer(row), findings, evidence, examples, history };
  }

  /** @throws ProblemException 404 where there is no such alert, 409 where its state does not allow it */
  async apply(
    id: number,
    transition: Exclude<AlertTransition, { kind: 'detected' | 'not-detected' | 'superseded' }>,
  ): Promise<AlertDetail> {
    const deliver = this.config.MONITOR_WEBHOOK_URL !== undefined;
    await this.dataSource.transaction(async (manager) => {
      const refused = found(await applyPersonTransition(manager, id, transition, deliver), `there is no alert ${id}`);
      if (refused !== '') throw new ProblemException(HttpStatus.CONFLICT, refused);
      const { actor, kind, at, ...detail } = transition;
      await recordAudit(manager, { actor, action: `alert.${kind}`, target: String(id), detail });
    });
    return this.get(id);
  }
}

function toAnswer({ findings, evidence, ...row }: Alert): AlertAnswer {
  return row as AlertAnswer;
}
