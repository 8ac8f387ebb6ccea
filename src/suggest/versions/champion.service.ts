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
import { BackgroundLoop } from '../../processes/background-loop.js';
import { EventsService } from '../../events/events.service.js';
import { toRankInput } from '../requests/rank-input.js';
import { activeRollout, routesToCanary, type Rollout } from './rollouts.js';
import {
  textMatchVersion,
  loadCandidates,
  loadServingVersion,
  type ServingVersion,
} from '../requests/serving-version.js';

/** How often a replica compares its version and templates with the database. */
const pollIntervalMs = 1_000;

/** The serving model: it follows the champion, the active templates and the active rollout in the database. */
@Injectable()
export class ChampionService {
  private readonly logger = new Logger('Model');
  /** Refreshes run one after the other: loading a large model takes longer than the interval. */
  private readonly loop = new BackgroundLoop({
    run: () => this.refresh(),
    onError: (error) => {
      const failure = errorMessage(error);
      if (failure !== this.lastFailure) this.logger.warn(`the serving model is not refreshed: ${failure}`);
      this.lastFailure = failure;
    },
    intervalMs: pollIntervalMs,
    startDelayMs: pollIntervalMs,
  });
  private rollout: Rollout | null = null;
  /** Id of a rollout whose version could not be loaded */
  private failedRolloutId: number | null = null;
  private subscription: Subscription | undefined;
  private current: ServingVersion | null = null;
  /** Reason of the last failed refresh, logged once */
  private lastFailure: string | null = null;

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
      // Tickets are still ranked, by text similarity, until the champion loads or another version is promoted.
      this.logger.error(`the champion can't be loaded, text similarity serves instead: ${errorMessage(error)}`);
      await this.process.activate(textMatchVersion, null);
    }
    this.loop.start();
    this.subscription = this.events.modelChanges.subscribe(() => this.loop.notify());
  }

  async stop(): Promise<void> {
    this.subscription?.unsubscribe();
    // A refresh under way waits for the process.
    const stopped = this.loop.stop();
    await this.process.stop();
    await stopped;
  }

  rank(inputs: RankInput[]): Promise<{ version: string; ranking: Ranking }[]> {
    return this.process.rank(inputs);
  }

  /** Ranks each ticket by the champion, or by the canary if it is routed there. */
  async rankTickets(
    tickets: (RankInput & { source: string; ticketId: string })[],
  ): Promise<{ version: string; ranking: Ranking }[]> {
    const { rollout } = this;
    const inputs = tickets.map(toRankInput);
    if (rollout?.mode !== 'canary') return this.rank(inputs);
    const isCanary = tickets.map((ticket) => routesToCanary(ticket, rollout));
    const [canary, champion] = await Promise.all([
      this.process.rank(
        inputs.filter((_, index) => isCanary[index]),
        rollout.version,
      ),
      this.process.rank(inputs.filter((_, index) => !isCanary[index])),
    ]);
    const next = { canary: canary.values(), champion: champion.values() };
    return isCanary.flatMap((toCanary) => next[toCanary ? 'canary' : 'champion'].next().value ?? []);
  }

  /** Rankings of the shadow version; null without one. */
  async rankInShadow(tickets: RankInput[]): Promise<{ version: string; ranking: Ranking }[] | null> {
    const { rollout } = this;
    return rollout?.mode === 'shadow' ? this.process.rank(tickets.map(toRankInput), rollout.version) : null;
  }

  /**
   * Ranks inputs after all tickets that an agent waits for.
   *
   * @returns null if the version no longer serves
   */
  async rankInBackground(inputs: RankInput[], version: string): Promise<Ranking[] | null> {
    const answers = await this.process.rank(inputs, version, 'background');
    const isSameVersion = answers.every((answer) => answer.version === version);
    return isSameVersion ? answers.map(({ ranking }) => ranking) : null;
  }

  status(): ModelStatus {
    return this.process.status();
  }

  /** The database's stamp of the champion and templates that it ranks with; an older one while it loads. */
  get stamp(): string {
    return this.current?.stamp ?? '';
  }

  /** Loads the champion, templates and rollout that the database names. */
  private async refresh(): Promise<void> {
    // The stamp is read first: a canary that starts in between changes it, so its tickets are ranked again.
    const serving = await loadServingVersion(this.dataSource.manager);
    await this.followRollout();
    if (serving.stamp === this.current?.stamp) return;
    // Templates that change after the stamp was read change it again: the next refresh loads them.
    await this.process.setCandidates(await loadCandidates(this.dataSource.manager));
    if (serving.version !== this.current?.version) {
      await this.process.activate(serving.version, serving.folder && join(this.config.MODEL_DIR, serving.folder));
      this.logger.log(`ranking with ${serving.version} on the ${this.status().device?.toUpperCase()}`);
    }
    this.current = serving;
    this.lastFailure = null;
  }

  /** The rollout's version is loaded as the second model before it gets a ticket. */
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
      // The champion and the templates are still refreshed.
      this.failedRolloutId = rollout.id;
      this.logger.error(`${version} can't be loaded as ${mode}, only the champion ranks: ${errorMessage(error)}`);
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
      help: 'Time a ticket waits in the queue of the model process, in seconds',
      buckets,
      registers,
    });
    const inference = new Histogram({
      name: 'replyrank_model_inference_seconds',
      help: 'Duration of one model call, in seconds',
      buckets,
      registers,
    });
    const restarts = new Counter({
      name: 'replyrank_model_restarts_total',
      help: 'Unexpected exits of the model process',
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
    this.process.on('restarted', () => this.logger.log('the model process has restarted'));
    const { process } = this;
    new Gauge({
      name: 'replyrank_model_info',
      help: '1 for the device and version that serve',
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
