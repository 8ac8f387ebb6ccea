import { HttpStatus, Inject, Injectable, Logger, type MessageEvent } from '@nestjs/common';
import pg from 'pg';
import { exhaustMap, filter, finalize, interval, map, merge, Observable, Subject, takeUntil } from 'rxjs';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import { ProblemException } from '../http/problem.js';
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
/** How often the caller of an open stream is authenticated again */
const authenticationMs = 5_000;
/** Open streams of one token or user in this process */
const maxStreams = 50;

type Change = TicketsChanged | Reload | TemplatesChanged | ModelsChanged | MonitorChanged | TrainingRunChanged;

/** Changes, for open pages. One listening connection per process, for any number of pages. */
@Injectable()
export class EventsService {
  private readonly logger = new Logger('Events');
  private readonly changes = new Subject<MessageEvent>();
  private readonly ended = new Subject<void>();
  private client: pg.Client | null = null;
  private readonly streams = new Map<string, number>();
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(CONFIG) private readonly config: ServiceConfig) {}

  /**
   * Changes as server-sent events, with a heartbeat so that proxies keep the connection.
   *
   * @param caller name of the token or user
   * @param isAllowed whether the caller may still read; the stream ends when not
   * @throws ProblemException 429 where the caller has too many streams
   */
  stream(caller: string, isAllowed: () => Promise<boolean>): Observable<MessageEvent> {
    const open = this.streams.get(caller) ?? 0;
    if (open >= maxStreams) {
      const detail = `${caller} has ${open} open streams, the maximum; close one`;
      throw new ProblemException(HttpStatus.TOO_MANY_REQUESTS, detail, undefined, { 'Retry-After': '5' });
    }
    this.streams.set(caller, open + 1);
    const heartbeat = interval(heartbeatMs).pipe(map(() => ({ type: 'heartbeat', data: {} })));
    // During an outage of the database nobody is signed out.
    const refused = interval(authenticationMs).pipe(
      exhaustMap(() => isAllowed().catch(() => true)),
      filter((allowed) => !allowed),
    );
    return merge(this.changes, heartbeat).pipe(
      takeUntil(merge(this.ended, refused)),
      finalize(() => this.close(caller)),
    );
  }

  private close(caller: string): void {
    const open = (this.streams.get(caller) ?? 1) - 1;
    if (open === 0) this.streams.delete(caller);
    else this.streams.set(caller, open);
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
