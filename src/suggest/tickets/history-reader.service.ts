import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { DataSource } from 'typeorm';
import { ModelBusy, ModelUnavailable } from '../../models/serving/rank-queue.js';
import { EventsService } from '../../events/events.service.js';
import { ChampionService } from '../versions/champion.service.js';
import { toRankInput } from '../requests/rank-input.js';
import { storeEmbeddings, loadRankInputs, findTicketsWithoutEmbedding } from '../requests/ticket-embeddings.js';

/** One call that a ticket which arrives meanwhile does not notice. */
const batchSize = 8;
const pageSize = 500;
/** It rests so many times as long as it has read: a tenth of the model at most. */
const idleFactor = 9;
const idleMs = 30_000;

/**
 * Reads answered tickets that the model has not read, in the background: imported history, and all of it once a model has an
 * encoder of its own. Similar tickets are found only among those that were read.
 */
@Injectable()
export class EmbeddingBackfill {
  private readonly logger = new Logger('HistoryReader');
  private running: Promise<void> = Promise.resolve();
  private stopping = new AbortController();
  private subscription: Subscription | undefined;
  private wakeIdle = new AbortController();
  /** Tickets that this encoder finds no words in */
  private withoutWords: { encoderHash: string; tickets: number[] } = { encoderHash: '', tickets: [] };

  constructor(
    private readonly dataSource: DataSource,
    private readonly champion: ChampionService,
    private readonly events: EventsService,
  ) {}

  start(): void {
    this.stopping = new AbortController();
    // Another model may have another encoder, and new templates may have come with a history.
    this.subscription = this.events.modelChanges.subscribe(() => this.wakeIdle.abort());
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.subscription?.unsubscribe();
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isStopping()) {
      try {
        this.wakeIdle = new AbortController();
        if ((await this.embedBatch()) === 0) await this.idle(idleMs, this.wakeIdle.signal);
      } catch (error) {
        if (!(error instanceof ModelBusy || error instanceof ModelUnavailable)) {
          this.logger.warn(`reading history waits: ${error instanceof Error ? error.message : String(error)}`);
        }
        await this.idle(idleMs);
      }
    }
  }

  /** @returns how many tickets were tried */
  private async embedBatch(): Promise<number> {
    const { version, encoderHash } = this.champion.status();
    if (version === null || encoderHash === null) return 0;
    if (this.withoutWords.encoderHash !== encoderHash) this.withoutWords = { encoderHash, tickets: [] };
    const without = this.withoutWords.tickets;
    const missing = await findTicketsWithoutEmbedding(this.dataSource.manager, {
      encoderHash,
      without,
      limit: pageSize,
    });
    let attempted = 0;
    while (attempted < missing.length && !this.isStopping()) {
      const started = performance.now();
      const tickets = await loadRankInputs(this.dataSource.manager, missing.slice(attempted, attempted + batchSize));
      const rankings = await this.champion.rankInBackground(tickets.map(toRankInput), version);
      // Another version ranks by now, maybe with another encoder.
      if (!rankings) return attempted;
      const read = tickets.flatMap(({ ticket }, at) => {
        const embedding = rankings[at]?.embedding;
        if (!embedding) this.withoutWords.tickets.push(ticket);
        return embedding ? [{ ticket, embedding }] : [];
      });
      await storeEmbeddings(this.dataSource.manager, read, encoderHash);
      attempted += batchSize;
      await this.idle(idleFactor * (performance.now() - started));
    }
    return attempted;
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async idle(ms: number, ...orUntil: AbortSignal[]): Promise<void> {
    const signal = AbortSignal.any([this.stopping.signal, ...orUntil]);
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}
