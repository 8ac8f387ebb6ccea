/**
 * The model in service: TensorFlow in one child process. A child that dies is started again with the versions that it had loaded;
 * `RankDispatcher` batches the tickets and retries those that were lost.
 *
 * Invariant: every accepted ticket is answered exactly once, by a ranking or an error, however often the child dies.
 */
import { EventEmitter } from 'node:events';
import { RankDispatcher, type BatchReport, type RankTarget } from './rank-dispatcher.js';
import { ModelBusy, ModelUnavailable, RankQueue, type Ranked, type Urgency } from './rank-queue.js';
import type { ModelStatus, ModelWorkerInfo, ModelWorkerSettings } from './model-protocol.js';
import type { Candidate, RankInput, Ranking } from '../ranker.js';
import { WorkerChannel } from './worker-channel.js';

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
  batch: [BatchReport];
  died: [{ reason: string }];
  restarted: [];
}

/** Failed starts in a row after which waiting tickets are rejected; the restarts go on */
const maxFailedStarts = 3;
const maxBackoffMs = 5_000;

export class ModelProcess extends EventEmitter<ModelProcessEvents> {
  private readonly queue: RankQueue;
  private readonly dispatcher: RankDispatcher;
  /** The newest child, also while it starts; `channel` is set once it answers. */
  private child: WorkerChannel | null = null;
  private channel: WorkerChannel | null = null;
  private info: ModelWorkerInfo | null = null;
  private state: ModelStatus['state'] = 'stopped';
  private active: { version: string; folder: string | null; encoderHash: string } | null = null;
  private second: { version: string; folder: string } | null = null;
  private candidates: Candidate[] | null = null;
  private restarts = 0;

  constructor(private readonly options: ModelProcessOptions) {
    super();
    this.queue = new RankQueue(options);
    this.dispatcher = new RankDispatcher({
      queue: this.queue,
      target: (version) => this.rankTarget(version),
      onBatch: (report) => void this.emit('batch', report),
      onFailedTicket: (reason) => void this.emit('died', { reason }),
    });
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

  /** @throws Error with the reason where the child can't start: no library, no GPU, a broken encoder */
  async start(): Promise<void> {
    this.state = 'starting';
    await this.startChild();
    this.state = 'running';
  }

  /**
   * Loads a version beside the active one, then makes it active. Calls in progress finish on the old one.
   *
   * @param folder of the model; null ranks by the templates' own text
   */
  async activate(version: string, folder: string | null): Promise<void> {
    const old = this.active;
    const loaded = await this.running().request({ kind: 'load', version, folder });
    this.active = { version, folder, ...(loaded as { encoderHash: string }) };
    if (old && old.version !== version && old.version !== this.second?.version) {
      await this.channel?.request({ kind: 'unload', version: old.version });
    }
    this.dispatcher.drain();
  }

  /**
   * Loads a second version, which `rank` uses where it is asked for by name. Tickets that wait for a version that is unloaded are
   * ranked by the active one.
   *
   * @param next null unloads it
   */
  async loadSecond(next: { version: string; folder: string } | null): Promise<void> {
    const old = this.second;
    if (next?.version === old?.version) return;
    if (next) await this.running().request({ kind: 'load', ...next });
    this.second = next;
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
   * @param version null: the active one
   * @returns a ranking per input and the version that made it
   * @throws ModelBusy where the queue has no room for all of them
   * @throws ModelUnavailable
   */
  async rank(inputs: RankInput[], version: string | null = null, urgency: Urgency = 'interactive'): Promise<Ranked[]> {
    if (this.state === 'stopped') throw new ModelUnavailable('the model process is stopped');
    if (!this.active) throw new ModelUnavailable('no model has been loaded yet');
    if (!this.queue.hasRoomFor(inputs.length, urgency)) {
      throw new ModelBusy(`${this.queue.size} tickets are already waiting for the model (MODEL_MAX_QUEUE)`);
    }
    const answers = inputs.map((input) => this.queue.add(input, version, urgency));
    this.dispatcher.drain();
    return Promise.all(answers);
  }

  /** @returns one L2-normalised embedding per text */
  async embed(texts: string[]): Promise<Float32Array[]> {
    const answer = await this.running().request({ kind: 'embed', texts });
    return (answer as { embeddings: Float32Array[] }).embeddings;
  }

  async stop(): Promise<void> {
    this.state = 'stopped';
    this.queue.rejectAll(new ModelUnavailable('the model process is stopping'));
    await this.child?.close();
    this.channel = null;
  }

  private running(): WorkerChannel {
    if (!this.channel) throw new ModelUnavailable('the model process is restarting');
    return this.channel;
  }

  private async startChild(): Promise<void> {
    const channel = (this.child = new WorkerChannel(this.options.workerFile, this.options.environment));
    try {
      const answer = await channel.request({ kind: 'start', settings: this.options.settings });
      this.info = (answer as { info: ModelWorkerInfo }).info;
      await channel.request({ kind: 'candidates', candidates: this.candidates });
      if (this.active) await channel.request({ kind: 'load', ...this.active });
      if (this.second) await channel.request({ kind: 'load', ...this.second });
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
      void this.restart();
    });
  }

  private async restart(): Promise<void> {
    this.state = 'restarting';
    for (let attempt = 1; this.shouldRun(); attempt += 1) {
      try {
        await this.startChild();
        this.state = 'running';
        this.emit('restarted');
        this.dispatcher.drain();
        return;
      } catch (error) {
        if (attempt >= maxFailedStarts) this.queue.rejectAll(new ModelUnavailable(String(error)));
        await new Promise((resolve) => setTimeout(resolve, Math.min(maxBackoffMs, 100 * 2 ** attempt)));
      }
    }
  }

  /** A method: the compiler would take the state for unchanged across an await. */
  private shouldRun(): boolean {
    return this.state !== 'stopped';
  }

  /** @returns the second version where it is asked for by name, else the active one; null while the child can't rank */
  private rankTarget(wanted: string | null): RankTarget | null {
    const { channel, active } = this;
    if (!channel || !active) return null;
    const version = wanted !== null && wanted === this.second?.version ? wanted : active.version;
    return {
      version,
      rank: async (inputs) => {
        const answer = await channel.request({ kind: 'rank', version, inputs });
        return (answer as { rankings: Ranking[] }).rankings;
      },
    };
  }
}
