/**
 * The first model of a team: a training run is started as soon as there are labels enough, imported or chosen. Until it has ended,
 * and where it fails, tickets are ranked by the templates' own text.
 */
import type { DataSource } from 'typeorm';
import { usableLabelSql } from '../labels/labelled-tickets.query.js';
import { startRun } from './run-store.js';
import { type ServiceConfig, childEnvironment } from '../../config/config.js';

const pollIntervalMs = 30_000;
const minLabels = 50;
const minTemplates = 2;
export const firstModelActor = 'first model';

interface FirstModelStatus {
  champion: string | null;
  /** Of tickets held out, percent */
  top1: number | null;
  labels: number;
  templates: number;
  /** Labels that a first run has failed on: with the same ones the next would fail too */
  failedOn: number;
  error: string | null;
}

export class FirstModel {
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> = Promise.resolve();
  private isDone = false;
  private lastLine = '';

  constructor(
    private readonly dataSource: DataSource,
    private readonly report: (line: string) => void,
  ) {}

  start(): void {
    const look = (): void => {
      this.polling = this.polling.then(() => this.poll());
    };
    this.timer = setInterval(look, pollIntervalMs);
    look();
  }

  async stop(): Promise<void> {
    this.isDone = true;
    clearInterval(this.timer);
    await this.polling;
  }

  /** Never rejects: what fails is tried again at the next look. */
  async poll(): Promise<void> {
    if (this.isDone) return;
    try {
      await this.startRunIfReady(await this.loadStatus());
    } catch (error) {
      this.logOnce(`There is no first model yet: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private async startRunIfReady({
    champion,
    top1,
    labels,
    templates,
    failedOn,
    error,
  }: FirstModelStatus): Promise<void> {
    if (champion !== null) {
      if (this.lastLine !== '') {
        this.logOnce(
          `Model ${champion} ranks from now on; on labelled tickets held out, the first reply is right for ${top1} %`,
        );
      }
      this.isDone = true;
      clearInterval(this.timer);
      return;
    }
    if (labels < minLabels || templates < minTemplates) return;
    if (labels <= failedOn) {
      this.logOnce(`There is no first model yet: ${error}`);
      return;
    }
    const run = { trigger: 'first' as const, askedBy: firstModelActor, decision: null };
    await startRun(this.dataSource.manager, run);
    this.logOnce(`Training the first model on ${labels} labels; until then the templates' own text ranks`);
  }

  /** Once, until there is something else to say */
  private logOnce(line: string): void {
    if (line !== this.lastLine) this.report(line);
    this.lastLine = line;
  }

  private async loadStatus(): Promise<FirstModelStatus> {
    const [row]: FirstModelStatus[] = await this.dataSource.query(
      `SELECT count(*)::int AS labels, count(DISTINCT h.heir)::int AS templates,
              (SELECT version FROM model_aliases WHERE alias = 'champion') AS champion,
              (SELECT (v.metadata -> 'heldOut' ->> 'top1')::float8 FROM model_versions v
                 JOIN model_aliases a USING (version) WHERE a.alias = 'champion') AS top1,
              (SELECT coalesce(max((arguments ->> 'labels')::int), 0) FROM training_runs
                WHERE trigger = 'first' AND state = 'failed') AS "failedOn",
              (SELECT error FROM training_runs WHERE trigger = 'first' AND state = 'failed' ORDER BY id DESC LIMIT 1) AS error
         FROM labels l JOIN tickets t ON t.id = l.ticket LEFT JOIN template_heirs h ON h.id = l.template_id
        WHERE NOT t.sample AND ${usableLabelSql}`,
    );
    if (!row) throw new Error('a count has one row');
    return row;
  }
}

/** What a training needs that starts beside the service. */
export function firstTraining(config: ServiceConfig) {
  const { device, environment } = config.tensorflow;
  const worker = {
    settings: { encoderDir: config.ENCODER_DIR, cacheDir: config.STORE_DIR, device },
    environment: childEnvironment(environment),
  };
  return { config, worker, seed: trainingSeed };
}

export const trainingSeed = 1;
