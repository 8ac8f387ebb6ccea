/** Keeps what the page shows up to date with the service's events, and says whether the service is there. */
import type { QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { TicketPath } from './api-types.js';
import { ticketKey } from './queries.js';
import { refreshQueue } from './queue-refresh.js';
import { idOf } from './ticket-path.js';

export type Connection = 'connecting' | 'live' | 'away';

const retryMs = 2_000;
/** The service says something every 15 s: a stream that is silent for longer is dead, and the browser has not noticed. */
const silenceMs = 40_000;
/** Events come in swarms; they are taken together. */
const gatherMs = 200;

export function useLive(client: QueryClient): Connection {
  const [connection, setConnection] = useState<Connection>('connecting');
  useEffect(() => {
    const refresher = new Refresher(client);
    const close = listen((changed) => refresher.add(changed), setConnection);
    return () => {
      close();
      refresher.stop();
    };
  }, [client]);
  return connection;
}

/** Begins the keys of queries. */
type Topic = 'alerts' | 'decisions' | 'drift' | 'models' | 'templates' | 'training-runs';
type Changed = TicketPath[] | Topic | 'everything';

/** @returns a function that ends it */
function listen(onChange: (changed: Changed) => void, onConnection: (connection: Connection) => void): () => void {
  let stream: EventSource;
  let timer: number;
  const openAfter = (ms: number): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      stream.close();
      open();
    }, ms);
  };
  const open = (): void => {
    // Not even that it is open may ever be said.
    openAfter(silenceMs);
    stream = new EventSource('/api/v1/events');
    const on = (type: string, act: (event: MessageEvent<string>) => void): void =>
      stream.addEventListener(type, (event) => {
        openAfter(silenceMs);
        act(event as MessageEvent<string>);
      });
    on('open', () => {
      onConnection('live');
      // Whatever changed while nobody listened is unknown.
      onChange('everything');
    });
    on('tickets', ({ data }) => onChange((JSON.parse(data) as { tickets: TicketPath[] }).tickets));
    on('models', () => onChange('models'));
    on('templates', () => onChange('templates'));
    on('monitor', () => {
      onChange('alerts');
      onChange('decisions');
      onChange('drift');
    });
    on('training-run', () => {
      onChange('training-runs');
      // Its end makes a version known.
      onChange('models');
    });
    on('reload', () => onChange('everything'));
    on('heartbeat', () => undefined);
    stream.addEventListener('error', () => {
      onConnection('away');
      // The browser tries again by itself, but not after an answer such as 401 or 502.
      if (stream.readyState === EventSource.CLOSED) {
        onChange('everything');
        openAfter(retryMs);
      }
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}

/** Fetches again what changed, one round after the other: a round that the next one cuts off would never show anything. */
class Refresher {
  private readonly tickets = new Map<string, TicketPath>();
  private readonly topics = new Set<Topic>();
  private everything = false;
  private timer: number | undefined;
  private busy = false;

  constructor(private readonly client: QueryClient) {}

  add(changed: Changed): void {
    if (changed === 'everything') this.everything = true;
    else if (typeof changed === 'string') this.topics.add(changed);
    else for (const path of changed) this.tickets.set(idOf(path), path);
    this.schedule();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private schedule(): void {
    if (!this.busy) this.timer ??= window.setTimeout(() => void this.refresh(), gatherMs);
  }

  private hasMore(): boolean {
    return this.everything || this.tickets.size > 0 || this.topics.size > 0;
  }

  private async refresh(): Promise<void> {
    this.timer = undefined;
    this.busy = true;
    const tickets = this.everything ? [] : [...this.tickets.values()];
    const keys = this.everything ? [[]] : [...tickets.map(ticketKey), ...[...this.topics].map((topic) => [topic])];
    this.everything = false;
    this.tickets.clear();
    this.topics.clear();
    const refreshed = keys.map((queryKey) => this.client.invalidateQueries({ queryKey }));
    // A part that can't be had must not keep the next round from beginning.
    await Promise.allSettled(tickets.length > 0 ? [refreshQueue(this.client, tickets), ...refreshed] : refreshed);
    this.busy = false;
    if (this.hasMore()) this.schedule();
  }
}
