/**
 * Starts the training run of the first model once there are enough labels, imported or chosen. Until it has succeeded, tickets are
 * ranked by text similarity.
 */
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackgroundLoop } from '../../processes/background-loop.js';
import { championSql } from '../../suggest/requests/champion.js';
import { usableLabelSql } from '../labels/labelled-tickets.query.js';
import { startRun } from './run-store.js';

const pollIntervalMs = 30_000;
const minLabels = 50;
const minTemplates = 2;
export const firstModelActor = 'first model';

interface FirstModelStatus {
  champion: string | null;
  /** Held-out top-1 accuracy of the champion, percent */
  top1: number | null;
  labels: number;
  templates: number;
  /** Number of labels that a failed first run used: with the same labels the next run would fail too */
  failedOn: number;
  error: string | null;
}

@Injectable()
export class FirstModel {
  private readonly logger = new Logger('FirstModel');
  private readonly loop = new BackgroundLoop({
    run: async (signal) => {
      if (!signal.aborted) await this.startRunIfReady(await this.loadStatus());
    },
    onError: (error) =>
      this.reportOnce(`No first model yet: ${error instanceof Error ? error.message : String(error)}`),
    intervalMs: pollIntervalMs,
  });
  private lastLine = '';
  /** Where progress is reported */
  report = (line: string): void => this.logger.log(line);

  constructor(private readonly dataSource: DataSource) {}

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Never rejects: a failure is retried at the next poll. */
  poll(): Promise<void> {
    return this.loop.runNow();
  }

  private async startRunIfReady(status: FirstModelStatus): Promise<void> {
    const { champion, top1, labels, templates, failedOn, error } = status;
    if (champion !== null) {
      if (this.lastLine !== '') this.reportOnce(`Model ${champion} is serving; held-out top-1 accuracy ${top1}%`);
      void this.loop.stop();
      return;
    }
    if (labels < minLabels || templates < minTemplates) return;
    if (labels <= failedOn) {
      this.reportOnce(`No first model yet: ${error}`);
      return;
    }
    const run = { trigger: 'first' as const, requestedBy: firstModelActor, decision: null };
    await startRun(this.dataSource.manager, run);
    this.reportOnce(`Training the first model on ${labels} labels; text similarity ranks until it is ready`);
  }

  private reportOnce(line: string): void {
    if (line !== this.lastLine) this.report(line);
    this.lastLine = line;
  }

  private async loadStatus(): Promise<FirstModelStatus> {
    const [row]: FirstModelStatus[] = await this.dataSource.query(
      `SELECT count(*)::int AS labels, count(DISTINCT h.heir)::int AS templates, ${championSql} AS champion,
              (SELECT (metadata -> 'heldOut' ->> 'top1')::float8 FROM model_versions WHERE version = ${championSql}) AS top1,
              (SELECT coalesce(max((arguments ->> 'labels')::int), 0) FROM training_runs
                WHERE trigger = 'first' AND state = 'failed') AS "failedOn",
              (SELECT error FROM training_runs WHERE trigger = 'first' AND state = 'failed' ORDER BY id DESC LIMIT 1) AS error
         FROM labels l JOIN tickets t ON t.id = l.ticket LEFT JOIN template_heirs h ON h.id = l.template_id
        WHERE NOT t.sample AND ${usableLabelSql}`,
    );
    if (!row) throw new Error('an aggregate returns one row');
    return row;
  }
}
