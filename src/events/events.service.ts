import { Inject, Injectable, Logger, type MessageEvent } from '@nestjs/common';
import pg from 'pg';
import { filter, interval, map, merge, Observable, Subject, takeUntil } from 'rxjs';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import {
  eventsChannel,
  type ModelsChanged,
  type MonitorChanged,
  type Reload,
  type TemplatesChanged,
  type TicketsChanged,
  type TrainingRunChanged,
} from './change-events.js';

const heartbeatMs = 15_000;
const reconnectMs = 1_000;

type Change = TicketsChanged | Reload | TemplatesChanged | ModelsChanged | MonitorChanged | TrainingRunChanged;

/** Changes, for open pages. One listening connection per process, for any number of pages. */
@Injectable()
export class EventsService {
  private readonly logger = new Logger('Events');
  private readonly changes = new Subject<MessageEvent>();
  private readonly ended = new Subject<void>();
  private client: pg.Client | null = null;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(CONFIG) private readonly config: ServiceConfig) {}

  /** Changes as server-sent events, with a heartbeat so that proxies keep the connection. */
  stream(): Observable<MessageEvent> {
    const heartbeat = interval(heartbeatMs).pipe(map(() => ({ type: 'heartbeat', data: {} })));
    return merge(this.changes, heartbeat).pipe(takeUntil(this.ended));
  }

  /** Models or templates may have changed; also emitted after a lost connection */
  readonly modelChanges: Observable<MessageEvent> = this.changes.pipe(
    filter(({ type }) => type === 'models' || type === 'reload'),
  );

  async start(): Promise<void> {
    this.stopped = false;
    const client = new pg.Client({ connectionString: this.config.DATABASE_URL, application_name: 'replyrank events' });
    client.on('error', (error) => this.logger.warn(`the connection for database events is lost: ${error.message}`));
    client.on('end', () => this.reconnect());
    client.on('notification', ({ payload }) => {
      const { type, ...data } = JSON.parse(payload ?? '{}') as Change;
      this.changes.next({ type, data });
    });
    this.client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${eventsChannel}`);
      // Changes before this are unknown: pages must reload.
      this.changes.next({ type: 'reload', data: {} });
    } catch {
      await client.end().catch(() => undefined);
      this.reconnect();
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    // Ends open streams, which the HTTP server would wait for.
    this.ended.next();
    await this.client?.end();
  }

  private reconnect(): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.start(), reconnectMs);
  }
}
