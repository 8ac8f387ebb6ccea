/**
 * The model in service: TensorFlow in one child process. Callers' tickets are gathered into one call; a child that dies is
 * started again with what it had loaded; what it was working on is tried again, halved until the culprit is found.
 *
 * Invariant: every accepted ticket is answered exactly once, by a ranking or an error, however often the child dies.
 */
import { EventEmitter } from 'node:events';
import { ModelBusy, ModelUnavailable, rankingOf, RankQueue } from './rank-queue.js';
import type { QueuedRank, Ranked, Urgency } from './rank-queue.js';
import type { ModelStatus, ModelWorkerInfo, ModelWorkerSettings } from './model-protocol.js';
import type { Candidate, RankInput, Ranking } from '../ranker.js';
import { notRanked } from '../ranking/ranking.js';
import { textFacts } from '../features/text-facts.js';
import { WorkerChannel, WorkerDied } from './worker-channel.js';

export interface ModelProcessOptions {
  settings: ModelWorkerSettings;
  /** Compiled JavaScript of the worker. */
  workerFile: string;
  environment: NodeJS.ProcessEnv;
  maxBatch: number;
  maxWaitMs: number;
  maxQueue: number;
}

interface ModelProcessEvents {
  batch: [{ size: number; queueSeconds: number[]; inferenceSeconds: number }];
  died: [{ reason: string }];
  restarted: [];
}

/** After so many deaths a ticket that was alone in its batch is the culprit. */
const deathsOfACulprit = 3;
/** After so many failed starts in a row callers are told instead of kept waiting. */
const startsBeforeGivingUp = 3;
const longestBackOffMs = 5_000;

export class ModelProcess extends EventEmitter<ModelProcessEvents> {
  private readonly queue: RankQueue;
  /** The newest child, also while it is still being started; `channel` once it can be asked. */
  private child: WorkerChannel | null = null;
  private channel: WorkerChannel | null = null;
  private info: ModelWorkerInfo | null = null;
  private state: ModelStatus['state'] = 'stopped';
  private active: { version: string; folder: string | null; encoderHash: string } | null = null;
  private held: { version: string; folder: string } | null = null;
  private candidates: Candidate[] | null = null;
  private restarts = 0;
  private working = false;

  constructor(private readonly options: ModelProcessOptions) {
    super();
    this.queue = new RankQueue(options);
  }

  status(): ModelStatus {
    return {
      state: this.state,
      device: this.info?.device ?? null,
      encoderHash: this.active?.encoderHash ?? this.info?.encoderHash ?? null,
      version: this.active?.version ?? null,
      pid: this.channel?.pid ?? null,
      queue: this.queue.size,
      restarts: this.restarts,
    };
  }

  /** @throws Error saying why, where the child can't start: no library, a GPU that is not there, a broken encoder */
  async start(): Promise<void> {
    this.state = 'starting';
    await this.open();
    this.state = 'running';
  }

  /**
   * Loads a version beside the one in use, then ranks with it. Tickets whose call has begun end on the old one.
   *
   * @param folder the model's folder; null for the ranking by the templates' own text
   */
  async use(version: string, folder: string | null): Promise<void> {
    const old = this.active;
    const loaded = await this.running().request({ kind: 'load', version, folder });
    this.active = { version, folder, ...(loaded as { encoderHash: string }) };
    if (old && old.version !== version && old.version !== this.held?.version) {
      await this.channel?.request({ kind: 'unload', version: old.version });
    }
    this.work();
  }

  /**
   * Loads another version beside the one in use; `rank` can be asked for it by name. Tickets that wait for one that is let go
   * are ranked by the version in use.
   *
   * @param other null lets go of it
   */
  async hold(other: { version: string; folder: string } | null): Promise<void> {
    const old = this.held;
    if (other?.version === old?.version) return;
    if (other) await this.running().request({ kind: 'load', ...other });
    this.held = other;
    if (old && old.version !== this.active?.version) {
      await this.channel?.request({ kind: 'unload', version: old.version });
    }
  }

  /** The templates to rank from now on; null for those that each version was trained with. */
  async setCandidates(candidates: Candidate[] | null): Promise<void> {
    this.candidates = candidates;
    await this.running().request({ kind: 'candidates', candidates });
  }

  /**
   * Ranks the allowed templates for each input, in order.
   *
   * @param version the one in use where it is null
   * @returns a ranking per input and the version that made it
   * @throws ModelBusy where the queue has no room for all of them
   * @throws ModelUnavailable
   */
  async rank(inputs: RankInput[], version: string | null = null, urgency: Urgency = 'now'): Promise<Ranked[]> {
    if (this.state === 'stopped') throw new ModelUnavailable('the model process is stopped');
    if (!this.active) throw new ModelUnavailable('no model has been loaded yet');
    if (!this.queue.hasRoomFor(inputs.length, urgency)) {
      throw new ModelBusy(`${this.queue.size} tickets wait for the model already (MODEL_MAX_QUEUE)`);
    }
    const answers = inputs.map((input) => this.queue.add(input, version, urgency));
    this.work();
    return Promise.all(answers);
  }

  /** @returns one L2-normalised embedding per text */
  async embed(texts: string[]): Promise<Float32Array[]> {
    const answer = await this.running().request({ kind: 'embed', texts });
    return (answer as { embeddings: Float32Array[] }).embeddings;
  }

  async stop(): Promise<void> {
    this.state = 'stopped';
    this.queue.rejectAll(new ModelUnavailable('the model process is being stopped'));
    await this.child?.close();
    this.channel = null;
  }

  private running(): WorkerChannel {
    if (!this.channel) throw new ModelUnavailable('the model process is being started again');
    return this.channel;
  }

  private async open(): Promise<void> {
    const channel = (this.child = new WorkerChannel(this.options.workerFile, this.options.environment));
    try {
      const answer = await channel.request({ kind: 'start', settings: this.options.settings });
      this.info = (answer as { info: ModelWorkerInfo }).info;
      await channel.request({ kind: 'candidates', candidates: this.candidates });
      if (this.active) await channel.request({ kind: 'load', ...this.active });
      if (this.held) await channel.request({ kind: 'load', ...this.held });
    } catch (error) {
      await channel.close();
      throw error;
    }
    this.channel = channel;
    channel.onDeath((reason) => {
      this.channel = null;
      if (this.state === 'stopped') return;
      this.restarts += 1;
      this.emit('died', { reason });
      void this.reopen();
    });
  }

  private async reopen(): Promise<void> {
    this.state = 'restarting';
    for (let attempt = 1; this.isToRun(); attempt += 1) {
      try {
        await this.open();
        this.state = 'running';
        this.emit('restarted');
        this.work();
        return;
      } catch (error) {
        if (attempt >= startsBeforeGivingUp) this.queue.rejectAll(new ModelUnavailable(String(error)));
        await new Promise((resolve) => setTimeout(resolve, Math.min(longestBackOffMs, 100 * 2 ** attempt)));
      }
    }
  }

  /** A method, because the state changes while its callers wait. */
  private isToRun(): boolean {
    return this.state !== 'stopped';
  }

  /** Sends batches until the queue is empty or the child is gone. One runs at a time: the child has one thread for them. */
  private work(): void {
    if (this.working) return;
    this.working = true;
    void (async () => {
      while (this.channel && this.active) {
        const batch = await this.queue.next();
        if (!batch) break;
        await this.runBatch(batch);
      }
      this.working = false;
      if (this.channel && this.active && !this.queue.isEmpty) this.work();
    })();
  }

  private async runBatch(batch: QueuedRank[]): Promise<void> {
    const { channel, active } = this;
    if (!channel || !active) {
      this.queue.putBack(batch);
      return;
    }
    const wanted = batch[0]?.version ?? null;
    const version = wanted !== null && wanted === this.held?.version ? wanted : active.version;
    const sentAt = performance.now();
    try {
      const answer = await channel.request({
        kind: 'rank',
        version,
        inputs: batch.map(({ input }) => input),
      });
      const { rankings } = answer as { rankings: Ranking[] };
      batch.forEach((ticket, index) => ticket.resolve({ version, ranking: rankingOf(rankings, index) }));
      this.emit('batch', {
        size: batch.length,
        queueSeconds: batch.map(({ queuedAt }) => (sentAt - queuedAt) / 1000),
        inferenceSeconds: (performance.now() - sentAt) / 1000,
      });
    } catch (error) {
      this.afterFailure(batch, version, error instanceof WorkerDied ? error : new WorkerDied(String(error)));
    }
  }

  /** A ticket may be at fault: halve, until one alone has failed often enough to be sure. */
  private afterFailure(batch: QueuedRank[], version: string, error: WorkerDied): void {
    const [first] = batch;
    if (batch.length > 1 || !first) {
      const middle = Math.ceil(batch.length / 2);
      this.queue.putBack(batch.slice(0, middle), batch.slice(middle));
      return;
    }
    first.deaths += 1;
    if (first.deaths < deathsOfACulprit) {
      this.queue.putBack(batch);
      return;
    }
    this.emit('died', { reason: `a ticket was given up after ${deathsOfACulprit} failures: ${error.message}` });
    first.resolve({ version, ranking: notRanked('model-error', null, textFacts(first.input, null)) });
  }
}
