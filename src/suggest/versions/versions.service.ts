import { join } from 'node:path';
import { HttpStatus, Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { recordAudit } from '../../access/audit-log.js';
import { ProblemException } from '../../http/problem.js';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { readRunRecord, type RunRecord } from '../../models/training/run-record.js';
import { ModelAliasMove } from '../../records/model-alias-move.entity.js';
import { ModelVersion } from '../../records/model-version.entity.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';
import { moveAlias, previousChampion, UnknownVersion } from './model-registry.js';
import { message } from './model-messages.js';
import { endRollout, startRollout, type RolloutMode } from './rollouts.js';
import type { EnglishMessage } from '../../messages/localized-message.js';

const pageSize = 50;
const rolloutColumns = `version, mode, share, started_by AS "startedBy", started_at AS "startedAt",
  pairs, standing, ended_at AS "endedAt", outcome, reason, message`;

export interface RolloutRow {
  version: string;
  mode: RolloutMode;
  share: number;
  startedBy: string;
  startedAt: Date;
  /** Tickets by which it was held against the champion, and what they say; null before the first look */
  pairs: number;
  standing: string | null;
  endedAt: Date | null;
  outcome: string | null;
  reason: string | null;
  message: LocalizedMessage | null;
}

/** Model versions as people move them. */
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
      aliases: aliases.filter((one) => one.version === version).map(({ alias }) => alias),
    }));
  }

  /** Who became what, and why; newest first. */
  async aliasMoves() {
    const rows = await this.dataSource.getRepository(ModelAliasMove).find({ order: { id: 'DESC' }, take: pageSize });
    return rows.map(({ id, ...move }) => move);
  }

  /** What is or was tried out; newest first. */
  rollouts(): Promise<RolloutRow[]> {
    return this.dataSource.query(`SELECT ${rolloutColumns} FROM rollouts ORDER BY id DESC LIMIT $1`, [pageSize]);
  }

  /** The record that its training left in its folder; null where there is no such version or record. */
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

  /** What is tried out ends; where nothing is, the champion before takes over again. */
  rollback(actor: string) {
    return this.inTransaction(async (manager) => {
      const tried = await endRollout(manager, { outcome: 'rolled-back', reason: message('rolled-back-by', { actor }) });
      if (tried !== null) {
        await recordAudit(manager, { actor, action: 'model.rollback', target: tried });
        return { champion: await championOf(manager) };
      }
      const previous = await previousChampion(manager);
      if (previous === null) {
        throw new ProblemException(HttpStatus.CONFLICT, 'there was no other champion to go back to');
      }
      await this.makeChampion(manager, previous, {
        actor,
        action: 'model.rollback',
        reason: message('rolled-back-by', { actor }),
      });
      return { champion: previous };
    });
  }

  /** Tries a version out beside the champion. */
  startRollout(
    version: string,
    { mode, share, actor }: { mode: RolloutMode; share?: number | undefined; actor: string },
  ) {
    return this.inTransaction(async (manager): Promise<RolloutRow> => {
      if (version === (await championOf(manager))) {
        throw new ProblemException(HttpStatus.CONFLICT, `${version} is the champion: there is nothing to try out`);
      }
      const canary = share ?? (this.config.RETRAIN_CANARY_SHARE || 0.1);
      const order = { version, mode, share: mode === 'canary' ? canary : 1, run: null, startedBy: actor };
      await startRollout(manager, order);
      await recordAudit(manager, { actor, action: `model.${mode}`, target: version });
      const [row]: RolloutRow[] = await manager.query(`SELECT ${rolloutColumns} FROM rollouts WHERE ended_at IS NULL`);
      if (!row) throw new Error('a rollout that was just started is there');
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

async function championOf(manager: EntityManager): Promise<string | null> {
  const [row]: { version: string }[] = await manager.query(
    `SELECT version FROM model_aliases WHERE alias = 'champion'`,
  );
  return row?.version ?? null;
}
