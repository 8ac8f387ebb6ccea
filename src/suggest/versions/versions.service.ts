import { join } from 'node:path';
import { HttpStatus, Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { recordAudit } from '../../access/audit-log.js';
import { ProblemException } from '../../http/problem.js';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { readRunRecord, type RunRecord } from '../../models/training/run-record.js';
import { ModelAliasMove } from '../../records/models/model-alias-move.entity.js';
import { ModelVersion } from '../../records/models/model-version.entity.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';
import { findChampion } from '../requests/champion.js';
import { moveAlias, previousChampion, UnknownVersion } from './model-registry.js';
import { message } from './model-messages.js';
import { endRollout, startRollout, type RolloutMode } from './rollouts.js';
import type { EnglishMessage } from '../../messages/localized-message.js';

const pageSize = 50;
const rolloutColumns = `version, mode, share, started_by AS "startedBy", started_at AS "startedAt",
  pairs, result, ended_at AS "endedAt", outcome, reason, message`;

export interface RolloutRow {
  version: string;
  mode: RolloutMode;
  share: number;
  startedBy: string;
  startedAt: Date;
  /** Tickets compared with the champion so far, and the result in words; null before the first evaluation */
  pairs: number;
  result: string | null;
  endedAt: Date | null;
  outcome: string | null;
  reason: string | null;
  message: LocalizedMessage | null;
}

/** Model versions, and the changes that people make to what serves. */
@Injectable()
export class VersionsService {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Pick<ServiceConfig, 'MODEL_DIR' | 'RETRAIN_CANARY_SHARE'>,
  ) {}

  /** Newest first. */
  async list() {
    const aliases: { alias: string; version: string }[] = await this.dataSource.query(
      'SELECT alias, version FROM model_aliases',
    );
    const rows = await this.dataSource.getRepository(ModelVersion).find({ order: { createdAt: 'DESC' } });
    return rows.map(({ version, metadata, createdAt }) => ({
      version,
      metadata,
      createdAt,
      aliases: aliases.filter((alias) => alias.version === version).map(({ alias }) => alias),
    }));
  }

  /** Alias changes with actor and reason; newest first. */
  async aliasMoves() {
    const rows = await this.dataSource.getRepository(ModelAliasMove).find({ order: { id: 'DESC' }, take: pageSize });
    return rows.map(({ id, ...move }) => move);
  }

  /** Newest first. */
  rollouts(): Promise<RolloutRow[]> {
    return this.dataSource.query(`SELECT ${rolloutColumns} FROM rollouts ORDER BY id DESC LIMIT $1`, [pageSize]);
  }

  /** The run record in the version's folder; null if the version or its record does not exist. */
  async report(version: string): Promise<RunRecord | null> {
    const row = await this.dataSource.getRepository(ModelVersion).findOneBy({ version });
    if (!row) return null;
    try {
      return await readRunRecord(join(this.config.MODEL_DIR, row.folder));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  promote(version: string, actor: string) {
    return this.inTransaction(async (manager) => {
      await this.makeChampion(manager, version, {
        actor,
        action: 'model.promote',
        reason: message('promoted-by', { actor }),
      });
      return { champion: version };
    });
  }

  /** Ends the active rollout; without one, restores the previous champion. */
  rollback(actor: string) {
    return this.inTransaction(async (manager) => {
      const ended = await endRollout(manager, { outcome: 'rolled-back', reason: message('rolled-back-by', { actor }) });
      if (ended !== null) {
        await recordAudit(manager, { actor, action: 'model.rollback', target: ended });
        return { champion: await findChampion(manager) };
      }
      const previous = await previousChampion(manager);
      if (previous === null) {
        throw new ProblemException(HttpStatus.CONFLICT, 'there is no previous champion to roll back to');
      }
      await this.makeChampion(manager, previous, {
        actor,
        action: 'model.rollback',
        reason: message('rolled-back-by', { actor }),
      });
      return { champion: previous };
    });
  }

  startRollout(
    version: string,
    { mode, share, actor }: { mode: RolloutMode; share?: number | undefined; actor: string },
  ) {
    return this.inTransaction(async (manager): Promise<RolloutRow> => {
      if (version === (await findChampion(manager))) {
        throw new ProblemException(HttpStatus.CONFLICT, `${version} is already the champion`);
      }
      const canaryShare = share ?? (this.config.RETRAIN_CANARY_SHARE || 0.1);
      const rollout = { version, mode, share: mode === 'canary' ? canaryShare : 1, run: null, startedBy: actor };
      await startRollout(manager, rollout);
      await recordAudit(manager, { actor, action: `model.${mode}`, target: version });
      const [row]: RolloutRow[] = await manager.query(`SELECT ${rolloutColumns} FROM rollouts WHERE ended_at IS NULL`);
      if (!row) throw new Error('the rollout that was just started is missing');
      return row;
    });
  }

  private async makeChampion(
    manager: EntityManager,
    version: string,
    { actor, action, reason }: { actor: string; action: string; reason: EnglishMessage },
  ): Promise<void> {
    await moveAlias(manager, 'champion', version, actor, reason);
    await endRollout(manager, { outcome: 'ended', reason: message('became-champion', { version }) });
    await recordAudit(manager, { actor, action, target: version });
  }

  private async inTransaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction(work);
    } catch (error) {
      if (error instanceof UnknownVersion) throw new ProblemException(HttpStatus.NOT_FOUND, error.message);
      throw error;
    }
  }
}
