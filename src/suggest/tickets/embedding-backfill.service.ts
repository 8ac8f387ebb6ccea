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

/** Small enough not to delay tickets that arrive meanwhile. */
const batchSize = 8;
const pageSize = 500;
/** Pauses this many times as long as a batch took, so it uses at most a tenth of the model's time. */
const idleFactor = 9;
const idleMs = 30_000;

/**
 * Embeds answered tickets that have no embedding of the serving encoder, in the background: imported history, and all tickets after
 * a model with a fine-tuned encoder was promoted. Only embedded tickets are found as similar tickets.
 */
@Injectable()
export class EmbeddingBackfill {
  private readonly logger = new Logger('EmbeddingBackfill');
  private readonly loop = new BackgroundLoop({
    run: (signal) => this.embedBatch(signal),
    onError: (error) => {
      if (error instanceof ModelBusy || error instanceof ModelUnavailable) return;
      this.logger.warn(
        `embedding answered tickets failed, it will be retried: ${error instanceof Error ? error.message : String(error)}`,
      );
    },
    intervalMs: idleMs,
  });
  private subscription: Subscription | undefined;
  /** Tickets that this encoder has no embedding for: texts without words */
  private withoutWords: { encoderHash: string; tickets: number[] } = { encoderHash: '', tickets: [] };

  constructor(
    private readonly dataSource: DataSource,
    private readonly champion: ChampionService,
    private readonly events: EventsService,
  ) {}

  start(): void {
    // Another model may have another encoder, and new templates may come with imported history.
    this.subscription = this.events.modelChanges.subscribe(() => this.loop.notify());
    this.loop.start();
  }

  async stop(): Promise<void> {
    this.subscription?.unsubscribe();
    await this.loop.stop();
  }

  /** @returns 0 if there may be more tickets to embed */
  private async embedBatch(signal: AbortSignal): Promise<number | undefined> {
    const { version, encoderHash } = this.champion.status();
    if (version === null || encoderHash === null) return undefined;
    if (this.withoutWords.encoderHash !== encoderHash) this.withoutWords = { encoderHash, tickets: [] };
    const exclude = this.withoutWords.tickets;
    const missing = await findTicketsWithoutEmbedding(this.dataSource.manager, {
      encoderHash,
      exclude,
      limit: pageSize,
    });
    let attempted = 0;
    while (attempted < missing.length && !signal.aborted) {
      const started = performance.now();
      const tickets = await loadRankInputs(this.dataSource.manager, missing.slice(attempted, attempted + batchSize));
      const rankings = await this.champion.rankInBackground(tickets.map(toRankInput), version);
      // Another version serves now, maybe with another encoder.
      if (!rankings) break;
      const embedded = tickets.flatMap(({ ticket }, at) => {
        const embedding = rankings[at]?.embedding;
        if (!embedding) this.withoutWords.tickets.push(ticket);
        return embedding ? [{ ticket, embedding }] : [];
      });
      await storeEmbeddings(this.dataSource.manager, embedded, encoderHash);
      attempted += batchSize;
      const idle = idleFactor * (performance.now() - started);
      await sleep(idle, undefined, { signal }).catch(() => undefined);
    }
    return attempted > 0 ? 0 : undefined;
  }
}
