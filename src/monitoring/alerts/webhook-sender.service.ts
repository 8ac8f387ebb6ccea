/**
 * Invariant: what is told of an alert reaches the webhook at least once. A delivery is made in the transaction of its event
 * and deleted after the receiver has said 2xx; whoever takes one has a lease on it, so a process that dies leaves it to the
 * next. A receiver that is away is tried again, ever more rarely.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { webhookBody, type AlertNews } from './alert-message.js';

const lookEveryMs = 2_000;
const timeoutMs = 10_000;
const leaseSeconds = 30;
const atOnce = 20;
const longestBackOffSeconds = 3_600;
const mostWords = 10;

type Delivery = Omit<AlertNews, 'words'> & { attempts: number; words: string[] };

@Injectable()
export class WebhookSender {
  private readonly logger = new Logger('Webhook');
  private readonly deliveries: Counter<'outcome'>;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | null = null;
  private stopping = new AbortController();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    registry: Registry,
  ) {
    this.deliveries = new Counter({
      name: 'replyrank_webhook_deliveries_total',
      help: 'Tries to tell the webhook of an alert, by what came of them',
      labelNames: ['outcome'],
      registers: [registry],
    });
    // A count that is there from the beginning shows its first rise too.
    for (const outcome of ['delivered', 'failed']) this.deliveries.inc({ outcome }, 0);
  }

  start(): void {
    if (this.config.MONITOR_WEBHOOK_URL === undefined) return;
    this.stopping = new AbortController();
    this.timer = setInterval(() => void this.sendDue(), lookEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.sending;
  }

  /** Sends what is due, oldest first. Never rejects: what was not taken stays due. */
  sendDue(): Promise<void> {
    this.sending ??= this.send()
      .catch((error: unknown) => this.logger.warn(`deliveries wait: ${String(error)}`))
      .finally(() => (this.sending = null));
    return this.sending;
  }

  private async send(): Promise<void> {
    const { MONITOR_WEBHOOK_URL: url, MONITOR_WEBHOOK_FORMAT: format } = this.config;
    if (url === undefined) return;
    for (const delivery of await this.claim()) {
      if (this.stopping.signal.aborted) return;
      const news = { ...delivery, words: this.config.MONITOR_WEBHOOK_WORDS ? delivery.words.slice(0, mostWords) : [] };
      const problem = await this.post(url, webhookBody(format, news), news.event);
      this.deliveries.inc({ outcome: problem === null ? 'delivered' : 'failed' });
      if (problem === null) {
        await this.dataSource.query('DELETE FROM alert_deliveries WHERE event = $1', [news.event]);
        continue;
      }
      const backOff = Math.min(longestBackOffSeconds, 5 * 2 ** Math.min(delivery.attempts, 20));
      this.logger.warn(`the webhook was not reached, again in ${backOff} s: ${problem}`);
      await this.dataSource.query(
        'UPDATE alert_deliveries SET due_at = now() + make_interval(secs => $2) WHERE event = $1',
        [news.event, backOff],
      );
    }
  }

  private async claim(): Promise<Delivery[]> {
    const [claimed] = await this.dataSource.query<[{ event: number }[], number]>(
      `UPDATE alert_deliveries SET due_at = now() + make_interval(secs => $2), attempts = attempts + 1
        WHERE event IN (SELECT event FROM alert_deliveries WHERE due_at <= now() ORDER BY event LIMIT $1
                           FOR UPDATE SKIP LOCKED)
       RETURNING event`,
      [atOnce, leaseSeconds + (atOnce * timeoutMs) / 1000],
    );
    return this.dataSource
      .query(
        `SELECT e.id AS event, e.kind, e.at, e.actor, e.reason, d.attempts - 1 AS attempts,
              ARRAY(SELECT jsonb_array_elements_text(coalesce(a.evidence -> 'words', '[]'))) AS words,
              jsonb_build_object('id', a.id, 'modelVersion', a.model_version, 'stream', a.stream, 'cause', a.cause,
                'state', a.state, 'action', a.action, 'headline', a.headline, 'owner', a.owner) AS alert,
              a.opened_at AS "openedAt", a.closed_at AS "closedAt"
         FROM alert_deliveries d JOIN alert_events e ON e.id = d.event JOIN alerts a ON a.id = e.alert
        WHERE d.event = ANY ($1::bigint[]) ORDER BY e.id`,
        [claimed.map(({ event }) => event)],
      )
      .then((rows: (Delivery & { openedAt: Date; closedAt: Date | null })[]) =>
        rows.map(({ openedAt, closedAt, alert, ...row }) => ({ ...row, alert: { ...alert, openedAt, closedAt } })),
      );
  }

  /** @returns what went wrong; null where the receiver has it */
  private async post(url: string, body: object, event: number): Promise<string | null> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `replyrank-alert-event-${event}` },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.stopping.signal]),
      });
      await response.body?.cancel();
      return response.ok ? null : `it answered ${response.status}`;
    } catch (error) {
      // The address may hold a secret: nothing of it is logged.
      return error instanceof Error ? error.name : 'it did not answer';
    }
  }
}
