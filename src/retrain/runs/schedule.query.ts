import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { championSince, lastScheduledLook } from './run-requests.query.js';
import { nextLook } from './schedule.js';

export interface ScheduleAnswer {
  pattern: string | null;
  next: Date | null;
  lastLook: Date | null;
  coolDownHours: number;
  leastLabels: number;
  leastLoss: number;
}

/** When a retraining is looked at by itself, and what is asked for then. */
@Injectable()
export class ScheduleQuery {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  async schedule(now: Date): Promise<ScheduleAnswer> {
    const { manager } = this.dataSource;
    const { RETRAIN_SCHEDULE: pattern = null } = this.config;
    const lastLook = await lastScheduledLook(manager);
    const facts = { now, lastLook, championSince: await championSince(manager) };
    return {
      pattern,
      next: pattern === null ? null : nextLook(pattern, facts),
      lastLook,
      coolDownHours: this.config.RETRAIN_COOL_DOWN_H,
      leastLabels: this.config.RETRAIN_MIN_LABELS,
      leastLoss: this.config.RETRAIN_MIN_LOSS,
    };
  }
}
