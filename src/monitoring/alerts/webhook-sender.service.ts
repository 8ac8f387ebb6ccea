/**
 * Invariant: every alert event reaches the webhook at least once. A delivery is stored in the transaction of its event and deleted
 * after the receiver responds with 2xx. The sender holds a lease, so that another process takes over if one dies. Failed
 * deliveries are retried with exponential backoff.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { BackgroundLoop } from '../../processes/background-loop.js';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { webhookBody, type AlertNotification } from './alert-message.js';

const pollIntervalMs = 2_000;
const timeoutMs = 10_000;
const leaseSeconds = 30;
const batchSize = 20;
const maxBackOffSeconds = 3_600;
const maxWords = 10;

type Delivery = Omit<AlertNotification, 'words'> & { attempts: number; words: string[] };

@Injectable()
export class WebhookSender {
  private readonly logger = new Logger('Webhook');
  private readonly deliveries: Counter<'outcome'>;
  private readonly loop = new BackgroundLoop({
    run: (signal) => this.send(signal),
    onError: (error) => this.logger.warn(`webhook deliveries are delayed: ${String(error)}`),
    intervalMs: pollIntervalMs,
    startDelayMs: pollIntervalMs,
  });

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    registry: Registry,
  ) {
    this.deliveries = new Counter({
      name: 'replyrank_webhook_deliveries_total',
      help: 'Webhook deliveries by outcome',
      labelNames: ['outcome'],
      registers: [registry],
    });
    // A counter that starts at 0 shows its first increase too.
    for (const outcome of ['delivered', 'failed']) this.deliveries.inc({ outcome }, 0);
  }

  start(): void {
    if (this.config.MONITOR_WEBHOOK_URL !== undefined) this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Sends what is due, oldest first. Never rejects: a failed delivery stays due. */
  sendDue(): Promise<void> {
    return this.loop.runNow();
  }

  private async send(signal: AbortSignal): Promise<void> {
    const { MONITOR_WEBHOOK_URL: url, MONITOR_WEBHOOK_FORMAT: format } = this.config;
    if (url === undefined) return;
    for (const delivery of await this.claim()) {
      if (signal.aborted) return;
      const notification = {
        ...delivery,
        words: this.config.MONITOR_WEBHOOK_WORDS ? delivery.words.slice(0, maxWords) : [],
      };
      const problem = await this.post(url, webhookBody(format, notification), { event: notification.event, signal });
      this.deliveries.inc({ outcome: problem === null ? 'delivered' : 'failed' });
      if (problem === null) {
        await this.dataSource.query('DELETE FROM alert_deliveries WHERE event = $1', [notification.event]);
        continue;
      }
      const backOff = Math.min(maxBackOffSeconds, 5 * 2 ** Math.min(delivery.attempts, 20));
      this.logger.warn(`webhook delivery failed, retrying in ${backOff} s: ${problem}`);
      await this.dataSource.query(
        'UPDATE alert_deliveries SET due_at = now() + make_interval(secs => $2) WHERE event = $1',
        [notification.event, backOff],
      );
    }
  }

  private async claim(): Promise<Delivery[]> {
    const [claimed] = await this.dataSource.query<[{ event: number }[], number]>(
      `UPDATE alert_deliveries SET due_at = now() + make_interval(secs => $2), attempts = attempts + 1
        WHERE event IN (SELECT event FROM alert_deliveries WHERE due_at <= now() ORDER BY event LIMIT $1
                           FOR UPDATE SKIP LOCKED)
       RETURNING event`,
      [batchSize, leaseSeconds + (batchSize * timeoutMs) / 1000],
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

  /** @returns what went wrong; null where the receiver accepted it */
  private async post(
    url: string,
    body: object,
    { event, signal }: { event: number; signal: AbortSignal },
  ): Promise<string | null> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `replyrank-alert-event-${event}` },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]),
      });
      await response.body?.cancel();
      return response.ok ? null : `status ${response.status}`;
    } catch (error) {
      // The address may contain a secret: nothing of it is logged.
      return error instanceof Error ? error.name : 'no response';
    }
  }
}
