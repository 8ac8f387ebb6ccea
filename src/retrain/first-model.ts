/**
 * The first model of a team: trained as soon as there are labels enough, imported or chosen, and taken into service. Until
 * then, and where it fails, tickets are ranked by the templates' own text.
 */
import type { DataSource } from 'typeorm';
import { moveAlias } from '../suggest/model-registry.js';
import { trainFromLabels, type LabelTraining } from './train-from-labels.js';

const lookEveryMs = 30_000;
const fewestLabels = 50;
const fewestTemplates = 2;
/** One replica trains; the lock dies with its connection. */
const lock = 1_919_250_542;
const actor = 'first model';

export class FirstModel {
  private timer: NodeJS.Timeout | undefined;
  private readonly stopping = new AbortController();
  private looking: Promise<void> = Promise.resolve();
  /** Labels that a training has failed on: with the same ones the next would fail too. */
  private failedOn = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly training: Omit<LabelTraining, 'signal'>,
    private readonly report: (line: string) => void,
  ) {}

  start(): void {
    const look = (): void => {
      this.looking = this.looking.then(() => this.look());
    };
    this.timer = setInterval(look, lookEveryMs);
    look();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.looking;
  }

  /** A method, because it changes while its callers wait. */
  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Never rejects: what fails is tried again when there is more to learn from. */
  async look(): Promise<void> {
    if (this.isStopping()) return;
    let labels = 0;
    try {
      labels = await this.labelsToLearnFrom();
      if (labels <= this.failedOn) return;
      await this.alone(() => this.train(labels));
    } catch (error) {
      if (this.isStopping()) return;
      this.failedOn = labels;
      this.report(`There is no first model yet: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private async train(labels: number): Promise<void> {
    this.report(`Training the first model on ${labels} labels; until then the templates' own text ranks`);
    const model = await trainFromLabels(
      this.dataSource,
      { ...this.training, signal: this.stopping.signal },
      () => undefined,
    );
    await this.dataSource.transaction((manager) => moveAlias(manager, 'champion', model.version, actor));
    clearInterval(this.timer);
    this.report(
      `Model ${model.version} ranks from now on; on labelled tickets held out, the first reply is right for ${model.heldOut.top1} %`,
    );
  }

  /** @returns 0 where there is a champion, or too little for one */
  private async labelsToLearnFrom(): Promise<number> {
    const [row]: { labels: number; templates: number; champions: number }[] = await this.dataSource.query(
      `SELECT count(*)::int AS labels, count(DISTINCT h.heir)::int AS templates,
              (SELECT count(*)::int FROM model_aliases WHERE alias = 'champion') AS champions
         FROM labels l JOIN tickets t ON t.id = l.ticket LEFT JOIN template_heirs h ON h.id = l.template_id
        WHERE NOT t.sample`,
    );
    if (!row || row.champions > 0) return 0;
    return row.labels >= fewestLabels && row.templates >= fewestTemplates ? row.labels : 0;
  }

  private async alone(work: () => Promise<void>): Promise<void> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const rows = (await runner.query('SELECT pg_try_advisory_lock($1) AS mine', [lock])) as { mine: boolean }[];
      if (!rows[0]?.mine) return;
      try {
        // Another replica may have trained it between our look and the lock.
        if ((await this.labelsToLearnFrom()) > 0) await work();
      } finally {
        await runner.query('SELECT pg_advisory_unlock($1)', [lock]);
      }
    } finally {
      await runner.release();
    }
  }
}
