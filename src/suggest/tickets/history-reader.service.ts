import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { DataSource } from 'typeorm';
import { ModelBusy, ModelUnavailable } from '../../models/serving/rank-queue.js';
import { EventsService } from '../../events/events.service.js';
import { ModelService } from '../versions/champion.service.js';
import { rankInput } from '../requests/rank-input.js';
import { storeEmbeddings, textsOf, unreadAnswered } from '../requests/ticket-embeddings.js';

/** One call that a ticket which arrives meanwhile does not notice. */
const atOnce = 8;
const foundAtOnce = 500;
/** It rests so many times as long as it has read: a tenth of the model at most. */
const restFactor = 9;
const idleMs = 30_000;

/**
 * Reads answered tickets that the model has not read, in the background: imported history, and all of it once a model has an
 * encoder of its own. Similar tickets are found only among those that were read.
 */
@Injectable()
export class HistoryReader {
  private readonly logger = new Logger('HistoryReader');
  private running: Promise<void> = Promise.resolve();
  private stopping = new AbortController();
  private hearing: Subscription | undefined;
  private waking = new AbortController();
  /** Tickets that this encoder finds no words in */
  private wordless: { encoderHash: string; tickets: number[] } = { encoderHash: '', tickets: [] };

  constructor(
    private readonly dataSource: DataSource,
    private readonly model: ModelService,
    private readonly events: EventsService,
  ) {}

  start(): void {
    this.stopping = new AbortController();
    // Another model may have another encoder, and new templates may have come with a history.
    this.hearing = this.events.modelChanges.subscribe(() => this.waking.abort());
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.hearing?.unsubscribe();
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isStopping()) {
      try {
        this.waking = new AbortController();
        if ((await this.readSome()) === 0) await this.rest(idleMs, this.waking.signal);
      } catch (error) {
        if (!(error instanceof ModelBusy || error instanceof ModelUnavailable)) {
          this.logger.warn(`reading history waits: ${error instanceof Error ? error.message : String(error)}`);
        }
        await this.rest(idleMs);
      }
    }
  }

  /** @returns how many tickets were tried */
  private async readSome(): Promise<number> {
    const { version, encoderHash } = this.model.status();
    if (version === null || encoderHash === null) return 0;
    if (this.wordless.encoderHash !== encoderHash) this.wordless = { encoderHash, tickets: [] };
    const without = this.wordless.tickets;
    const unread = await unreadAnswered(this.dataSource.manager, { encoderHash, without, limit: foundAtOnce });
    let tried = 0;
    while (tried < unread.length && !this.isStopping()) {
      const started = performance.now();
      const tickets = await textsOf(this.dataSource.manager, unread.slice(tried, tried + atOnce));
      const rankings = await this.model.rankBehind(tickets.map(rankInput), version);
      // Another version ranks by now, maybe with another encoder.
      if (!rankings) return tried;
      const read = tickets.flatMap(({ ticket }, at) => {
        const embedding = rankings[at]?.embedding;
        if (!embedding) this.wordless.tickets.push(ticket);
        return embedding ? [{ ticket, embedding }] : [];
      });
      await storeEmbeddings(this.dataSource.manager, read, encoderHash);
      tried += atOnce;
      await this.rest(restFactor * (performance.now() - started));
    }
    return tried;
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async rest(ms: number, ...orUntil: AbortSignal[]): Promise<void> {
    const signal = AbortSignal.any([this.stopping.signal, ...orUntil]);
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}
