import { join } from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Subscription } from 'rxjs';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { ModelProcess } from '../../models/serving/model-process.js';
import type { ModelStatus } from '../../models/serving/model-protocol.js';
import { ModelUnavailable } from '../../models/serving/rank-queue.js';
import type { RankInput, Ranking } from '../../models/ranker.js';
import { EventsService } from '../../events/events.service.js';
import { toRankInput } from '../requests/rank-input.js';
import { activeRollout, routesToCanary, type Rollout } from './rollouts.js';
import {
  textMatchVersion,
  loadCandidates,
  loadServingVersion,
  type ServingVersion,
} from '../requests/serving-version.js';

/** How often a replica looks which version and templates it should rank with. */
const pollIntervalMs = 1_000;

/** The model in service: the champion, and the templates that are allowed. */
@Injectable()
export class ChampionService {
  private readonly logger = new Logger('Model');
  private timer: NodeJS.Timeout | undefined;
  private rollout: Rollout | null = null;
  /** Id of a rollout whose version could not be loaded */
  private failedRolloutId: number | null = null;
  private subscription: Subscription | undefined;
  private current: ServingVersion | null = null;
  /** What kept it from following, said once */
  private lastFailure: string | null = null;
  private refreshing: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    private readonly process: ModelProcess,
    private readonly events: EventsService,
    registry: Registry,
  ) {
    this.registerMetrics(registry);
  }

  async start(): Promise<void> {
    await this.process.start();
    try {
      await this.refresh();
    } catch (error) {
      // A champion that can't be loaded keeps nobody from the tickets: their text ranks until it can, or another is promoted.
      this.logger.error(`the champion can't be loaded, the templates' own text ranks: ${errorMessage(error)}`);
      await this.process.activate(textMatchVersion, null);
    }
    this.timer = setInterval(() => this.scheduleRefresh(), pollIntervalMs);
    this.subscription = this.events.modelChanges.subscribe(() => this.scheduleRefresh());
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    this.subscription?.unsubscribe();
    await this.process.stop();
    await this.refreshing;
  }

  rank(inputs: RankInput[]): Promise<{ version: string; ranking: Ranking }[]> {
    return this.process.rank(inputs);
  }

  /** Each ticket by the champion, or by the canary whose share it belongs to. */
  async rankTickets(
    tickets: (RankInput & { source: string; ticketId: string })[],
  ): Promise<{ version: string; ranking: Ranking }[]> {
    const { rollout } = this;
    const inputs = tickets.map(toRankInput);
    if (rollout?.mode !== 'canary') return this.rank(inputs);
    const of = (canarys: boolean): number[] =>
      [...tickets.keys()].filter((at) => routesToCanary(tickets[at] as (typeof tickets)[0], rollout) === canarys);
    const [mine, others] = [of(true), of(false)];
    const pick = (places: number[]): RankInput[] => places.map((at) => inputs[at] as RankInput);
    const [tried, ranked] = await Promise.all([
      this.process.rank(pick(mine), rollout.version),
      this.process.rank(pick(others)),
    ]);
    const answers = new Map([
      ...mine.map((at, i) => [at, tried[i]] as const),
      ...others.map((at, i) => [at, ranked[i]] as const),
    ]);
    return inputs.flatMap((_, at) => answers.get(at) ?? []);
  }

  /** What the version in shadow says of the tickets; null where there is none. */
  async rankInShadow(tickets: RankInput[]): Promise<{ version: string; ranking: Ranking }[] | null> {
    const { rollout } = this;
    return rollout?.mode === 'shadow' ? this.process.rank(tickets.map(toRankInput), rollout.version) : null;
  }

  /**
   * What a version says of tickets that nobody waits for, once those that somebody waits for are ranked.
   *
   * @returns null where that version does not rank tickets any more
   */
  async rankInBackground(inputs: RankInput[], version: string): Promise<Ranking[] | null> {
    const answers = await this.process.rank(inputs, version, 'behind');
    const isIts = answers.every((answer) => answer.version === version);
    return isIts ? answers.map(({ ranking }) => ranking) : null;
  }

  status(): ModelStatus {
    return this.process.status();
  }

  /** Which champion and templates it ranks with, as the database's stamp of them; an older one while it loads. */
  get stamp(): string {
    return this.current?.stamp ?? '';
  }

  /** A look that takes longer than the interval (a large model) must not have another beside it. */
  private scheduleRefresh(): void {
    this.refreshing = this.refreshing
      .then(() => this.refresh())
      .catch((error: unknown) => {
        const trouble = errorMessage(error);
        if (this.timer && trouble !== this.lastFailure) this.logger.warn(`the model stays as it is: ${trouble}`);
        this.lastFailure = trouble;
      });
  }

  /** Follows the champion alias and the templates. */
  private async refresh(): Promise<void> {
    // In this order: a canary that comes in between gives another stamp, so that what it ranks meanwhile is ranked again.
    const wanted = await loadServingVersion(this.dataSource.manager);
    await this.followRollout();
    if (wanted.stamp === this.current?.stamp) return;
    // Templates that change after the stamp was read give another stamp: the next look takes them up.
    await this.process.setCandidates(await loadCandidates(this.dataSource.manager));
    if (wanted.version !== this.current?.version) {
      await this.process.activate(wanted.version, wanted.folder && join(this.config.MODEL_DIR, wanted.folder));
      this.logger.log(`ranking with ${wanted.version} on the ${this.status().device?.toUpperCase()}`);
    }
    this.current = wanted;
    this.lastFailure = null;
  }

  /** A version that is tried out is loaded beside the champion before it gets a ticket. */
  private async followRollout(): Promise<void> {
    const rollout = await activeRollout(this.dataSource.manager);
    if (rollout?.id === this.rollout?.id || rollout?.id === this.failedRolloutId) return;
    this.rollout = null;
    if (!rollout) return this.process.loadSecond(null);
    const { version, mode } = rollout;
    try {
      await this.process.loadSecond({ version, folder: join(this.config.MODEL_DIR, rollout.folder) });
    } catch (error) {
      if (error instanceof ModelUnavailable) throw error;
      // It keeps nobody from following the champion and the templates.
      this.failedRolloutId = rollout.id;
      this.logger.error(`${version} can't be loaded as ${mode}, the champion ranks alone: ${errorMessage(error)}`);
      return;
    }
    this.rollout = rollout;
    this.logger.log(`${version} ranks as ${mode}`);
  }

  private registerMetrics(registry: Registry): void {
    const registers = [registry];
    const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
    const size = new Histogram({
      name: 'replyrank_model_batch_size',
      help: 'Tickets in one model call',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128],
      registers,
    });
    const queue = new Histogram({
      name: 'replyrank_model_queue_seconds',
      help: 'Time a ticket waited for the model',
      buckets,
      registers,
    });
    const inference = new Histogram({
      name: 'replyrank_model_inference_seconds',
      help: 'Time of one model call',
      buckets,
      registers,
    });
    const restarts = new Counter({
      name: 'replyrank_model_restarts_total',
      help: 'Deaths of the model process',
      registers,
    });
    this.process.on('batch', (batch) => {
      size.observe(batch.size);
      inference.observe(batch.inferenceSeconds);
      for (const seconds of batch.queueSeconds) queue.observe(seconds);
    });
    this.process.on('died', ({ reason }) => {
      restarts.inc();
      this.logger.error(reason);
    });
    this.process.on('restarted', () => this.logger.log('the model process is back'));
    const { process } = this;
    new Gauge({
      name: 'replyrank_model_info',
      help: '1 for the device and version in use',
      labelNames: ['device', 'version'],
      registers,
      collect() {
        const { device, version } = process.status();
        this.reset();
        this.set({ device: device ?? 'none', version: version ?? 'none' }, 1);
      },
    });
  }
}

const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));
