import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { DataSource } from 'typeorm';
import { ModelBusy, ModelUnavailable } from '../../models/serving/rank-queue.js';
import { BackgroundLoop } from '../../processes/background-loop.js';
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
  private readonly loop = new BackgroundLoop({
    run: (signal) => this.embedBatch(signal),
    onError: (error) => {
      if (error instanceof ModelBusy || error instanceof ModelUnavailable) return;
      this.logger.warn(`reading history waits: ${error instanceof Error ? error.message : String(error)}`);
    },
    intervalMs: idleMs,
  });
  private subscription: Subscription | undefined;
  /** Tickets that this encoder finds no words in */
  private withoutWords: { encoderHash: string; tickets: number[] } = { encoderHash: '', tickets: [] };

  constructor(
    private readonly dataSource: DataSource,
    private readonly champion: ChampionService,
    private readonly events: EventsService,
  ) {}

  start(): void {
    // Another model may have another encoder, and new templates may have come with a history.
    this.subscription = this.events.modelChanges.subscribe(() => this.loop.notify());
    this.loop.start();
  }

  async stop(): Promise<void> {
    this.subscription?.unsubscribe();
    await this.loop.stop();
  }

  /** @returns 0 if there may be more tickets to read */
  private async embedBatch(signal: AbortSignal): Promise<number | undefined> {
    const { version, encoderHash } = this.champion.status();
    if (version === null || encoderHash === null) return undefined;
    if (this.withoutWords.encoderHash !== encoderHash) this.withoutWords = { encoderHash, tickets: [] };
    const without = this.withoutWords.tickets;
    const missing = await findTicketsWithoutEmbedding(this.dataSource.manager, {
      encoderHash,
      without,
      limit: pageSize,
    });
    let attempted = 0;
    while (attempted < missing.length && !signal.aborted) {
      const started = performance.now();
      const tickets = await loadRankInputs(this.dataSource.manager, missing.slice(attempted, attempted + batchSize));
      const rankings = await this.champion.rankInBackground(tickets.map(toRankInput), version);
      // Another version ranks by now, maybe with another encoder.
      if (!rankings) break;
      const read = tickets.flatMap(({ ticket }, at) => {
        const embedding = rankings[at]?.embedding;
        if (!embedding) this.withoutWords.tickets.push(ticket);
        return embedding ? [{ ticket, embedding }] : [];
      });
      await storeEmbeddings(this.dataSource.manager, read, encoderHash);
      attempted += batchSize;
      const idle = idleFactor * (performance.now() - started);
      await sleep(idle, undefined, { signal }).catch(() => undefined);
    }
    return attempted > 0 ? 0 : undefined;
  }
}
