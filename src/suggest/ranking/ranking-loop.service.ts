/**
 * How a ticket is ranked, top to bottom: claim requests, call the model once for the batch, store the suggestions together with
 * their outbox rows.
 *
 * Invariant: every ticket with a ranking request is eventually ranked by some replica. A request is deleted only in the
 * transaction that stores its suggestion; if the process dies before, the lease expires and the request is claimed again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { writeOutbox } from '../../database/outbox.js';
import { notifyTickets } from '../../events/change-events.js';
import { ModelBusy, ModelUnavailable } from '../../models/serving/rank-queue.js';
import { BackgroundLoop } from '../../processes/background-loop.js';
import { storeObservedTickets } from '../requests/observed-tickets.js';
import * as store from '../requests/ranking-store.js';
import type { ClaimedTicket, RankedTicket } from '../requests/ranking-store.js';
import { toSuggestionMessage } from '../requests/suggestion-message.js';
import { storeEmbeddings } from '../requests/ticket-embeddings.js';
import { ChampionService } from '../versions/champion.service.js';
import { storeShadowRankings } from '../versions/rollouts.js';

/** Longer than the slowest batch; after a crash its tickets wait at most this long. */
const leaseSeconds = 20;
/** Finds expired leases and requests of other replicas, for which nothing calls `notify`. */
const pollIntervalMs = 500;
const stopTimeoutMs = 4_000;
/** Two batches in flight: while the model works on one, the other is read or stored. */
const workers = 2;
const busyRetrySeconds = 0.2;
const unavailableRetrySeconds = 1;

@Injectable()
export class RankingLoop {
  private readonly logger = new Logger('RankingLoop');
  private readonly suggestions: Counter<'outcome'>;
  private readonly loops: BackgroundLoop[];
  /** Called after suggestions were stored: the relay has messages to publish. */
  onStored: (() => void) | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly champion: ChampionService,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    registry: Registry,
  ) {
    this.loops = Array.from(
      { length: workers },
      () =>
        new BackgroundLoop({
          run: () => this.rankBatch(),
          // The database is unavailable. Requests and leases are stored there, so nothing is lost.
          onError: (error) => this.logger.warn(`ranking is paused, it will be retried: ${String(error)}`),
          intervalMs: pollIntervalMs,
          errorDelayMs: 2 * pollIntervalMs,
        }),
    );
    this.suggestions = new Counter({
      name: 'replyrank_suggestions_total',
      help: 'Suggestions stored, by outcome',
      labelNames: ['outcome'],
      registers: [registry],
    });
    new Gauge({
      name: 'replyrank_rank_backlog',
      help: 'Tickets waiting to be ranked',
      registers: [registry],
      async collect() {
        const [row]: { n: number }[] = await dataSource.query('SELECT count(*)::int AS n FROM rank_requests');
        this.set(row?.n ?? 0);
      },
    });
  }

  start(): void {
    for (const loop of this.loops) loop.start();
  }

  /** There are requests to claim: ends the idle wait. */
  notify(): void {
    for (const loop of this.loops) loop.notify();
  }

  /** Waits for the batches in flight; one that takes longer than the timeout is left to its lease. */
  async stop(): Promise<void> {
    const timeout = new AbortController();
    const stopped = Promise.all(this.loops.map((loop) => loop.stop()));
    await Promise.race([stopped, sleep(stopTimeoutMs, undefined, { signal: timeout.signal })]);
    timeout.abort();
  }

  /** @returns the pause before the next batch in ms; undefined if there was no request to claim */
  private async rankBatch(): Promise<number | undefined> {
    const { stamp } = this.champion;
    const limit = this.config.MODEL_MAX_BATCH;
    const claimed = await store.claimTickets(this.dataSource.manager, { limit, leaseSeconds, stamp });
    if (claimed.length === 0) return undefined;
    const ranked = await this.callModel(claimed);
    if (typeof ranked === 'number') return ranked;
    const settings = {
      topic: this.config.TOPIC_SUGGESTIONS,
      auditShare: this.config.AUDIT_SHARE,
      encoderHash: this.champion.status().encoderHash,
      stamp,
    };
    const stored = await this.dataSource.transaction((manager) => storeRankings(manager, ranked, settings));
    for (const { ranking } of stored) this.suggestions.inc({ outcome: ranking.reason ?? 'ranked' });
    this.onStored?.();
    await this.rankInShadow(stored);
    return 0;
  }

  /** One model call for the batch. @returns a pause in ms if the model is busy or unavailable: then the leases are released */
  private async callModel(claimed: ClaimedTicket[]): Promise<RankedTicket[] | number> {
    try {
      const answers = await this.champion.rankTickets(claimed);
      return claimed.flatMap((ticket, index) => {
        const answer = answers[index];
        return answer ? [{ claimed: ticket, ...answer }] : [];
      });
    } catch (error) {
      const isBusy = error instanceof ModelBusy;
      const seconds = isBusy ? busyRetrySeconds : unavailableRetrySeconds;
      await store.releaseLeases(this.dataSource.manager, claimed, seconds);
      if (!isBusy) this.logger.warn(`the model is unavailable: ${String(error)}`);
      if (!isBusy && !(error instanceof ModelUnavailable)) throw error;
      return seconds * 1000;
    }
  }

  /** Rankings of a shadow version are stored, not shown. Its failures do not delay the champion's suggestions. */
  private async rankInShadow(stored: RankedTicket[]): Promise<void> {
    if (stored.length === 0) return;
    try {
      const answers = await this.champion.rankInShadow(stored.map(({ claimed }) => claimed));
      if (answers) await storeShadowRankings(this.dataSource.manager, stored, answers);
    } catch (error) {
      this.logger.warn(`shadow ranking failed: ${String(error)}`);
    }
  }
}

export interface StoreSettings {
  topic: string;
  /** Probability with which a ticket is made an audit ticket. */
  auditShare: number;
  encoderHash: string | null;
  /** Of what the model ranked with. */
  stamp: string;
}

/**
 * Stores rankings as suggestions with their outbox rows, in the caller's transaction. Rankings whose request is gone or has a
 * newer generation are dropped: the ticket's text has changed since.
 *
 * @returns the rankings that were stored
 */
export async function storeRankings(
  manager: EntityManager,
  ranked: RankedTicket[],
  { topic, auditShare, encoderHash, stamp }: StoreSettings,
): Promise<RankedTicket[]> {
  const revisions = await store.completeRequests(manager, ranked, stamp);
  const stored = ranked.filter(({ claimed }) => revisions.has(claimed.ticket));
  if (stored.length === 0) return [];
  const suggestions = stored.map((ticket) => ({
    ...ticket,
    suggestion: store.newSuggestion(ticket, revisions.get(ticket.claimed.ticket) ?? 1, auditShare),
  }));
  await store.insertSuggestions(
    manager,
    suggestions.map(({ suggestion }) => suggestion),
  );
  await writeOutbox(
    manager,
    suggestions.map(({ claimed, suggestion }) => ({
      topic,
      key: Buffer.from(`${claimed.source}:${claimed.ticketId}`),
      headers: { 'content-type': 'application/json' },
      value: Buffer.from(JSON.stringify(toSuggestionMessage(claimed, suggestion))),
    })),
  );
  const embeddings = stored.flatMap(({ claimed: { ticket }, ranking: { embedding } }) =>
    embedding ? [{ ticket, embedding }] : [],
  );
  if (encoderHash !== null) await storeEmbeddings(manager, embeddings, encoderHash);
  await storeObservedTickets(
    manager,
    suggestions
      .filter(({ suggestion }) => suggestion.revision === 1)
      .map(({ suggestion: { ticket, modelVersion }, ranking }) => ({ ticket, modelVersion, ranking })),
  );
  await notifyTickets(
    manager,
    stored.map(({ claimed }) => claimed),
  );
  return stored;
}
