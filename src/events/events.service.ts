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

/** What changed, for open pages. One listening connection a process, whatever the number of pages. */
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

  /** That models or templates may have changed; also after a time in which nobody could listen. */
  readonly modelChanges: Observable<MessageEvent> = this.changes.pipe(
    filter(({ type }) => type === 'models' || type === 'reload'),
  );

  async start(): Promise<void> {
    this.stopped = false;
    const client = new pg.Client({ connectionString: this.config.DATABASE_URL, application_name: 'replyrank events' });
    client.on('error', (error) => this.logger.warn(`the database's events are away: ${error.message}`));
    client.on('end', () => this.reconnect());
    client.on('notification', ({ payload }) => {
      const { type, ...data } = JSON.parse(payload ?? '{}') as Change;
      this.changes.next({ type, data });
    });
    this.client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${eventsChannel}`);
      // Whatever changed while nobody listened is unknown: pages should look for themselves.
      this.changes.next({ type: 'reload', data: {} });
    } catch {
      await client.end().catch(() => undefined);
      this.reconnect();
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    // Open streams end here: the listener would wait for them otherwise.
    this.ended.next();
    await this.client?.end();
  }

  private reconnect(): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.start(), reconnectMs);
  }
}
