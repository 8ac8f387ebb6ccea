import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { loadChampionSince, loadLastScheduledEvaluation } from './run-requests.query.js';
import { nextEvaluation } from './schedule.js';

export interface RetrainSchedule {
  pattern: string | null;
  next: Date | null;
  lastEvaluation: Date | null;
  coolDownHours: number;
  minLabels: number;
  minLoss: number;
}

/** The retraining schedule and the minimums of an automatic retraining. */
@Injectable()
export class ScheduleQuery {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  async schedule(now: Date): Promise<RetrainSchedule> {
    const { manager } = this.dataSource;
    const { RETRAIN_SCHEDULE: pattern = null } = this.config;
    const lastEvaluation = await loadLastScheduledEvaluation(manager);
    const facts = { now, lastEvaluation, championSince: await loadChampionSince(manager) };
    return {
      pattern,
      next: pattern === null ? null : nextEvaluation(pattern, facts),
      lastEvaluation,
      coolDownHours: this.config.RETRAIN_COOL_DOWN_H,
      minLabels: this.config.RETRAIN_MIN_LABELS,
      minLoss: this.config.RETRAIN_MIN_LOSS,
    };
  }
}
