import type { EntityManager } from 'typeorm';

/** PostgreSQL channel that notifies all replicas of changes */
export const eventsChannel = 'replyrank_events';

export interface TicketsChanged {
  type: 'tickets';
  tickets: { source: string; ticketId: string }[];
}

/** Any ticket may have changed. */
export interface Reload {
  type: 'reload';
}

/** Templates or their flags have changed. */
export interface TemplatesChanged {
  type: 'templates';
}

/** There is a new monitoring decision, or an alert has changed. */
export interface MonitorChanged {
  type: 'monitor';
}

/** The serving version may have changed: replicas check at once. */
export interface ModelsChanged {
  type: 'models';
}

/** A training run has started, made progress or ended. */
export interface TrainingRunChanged {
  type: 'training-run';
  id: number;
  state: string;
  phase: string | null;
  progress: number | null;
}

/** PostgreSQL's limit is 8,000 bytes. */
const maxPayloadBytes = 7_900;

/** Notifies all replicas, on commit, of changed tickets. */
export async function notifyTickets(
  manager: EntityManager,
  tickets: { source: string; ticketId: string }[],
): Promise<void> {
  const payloads = splitIntoPayloads(tickets);
  if (payloads.length > 0) {
    await manager.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [eventsChannel, payloads]);
  }
}

/** Notifies all replicas, on commit, that any ticket may have changed. */
export async function notifyReload(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [eventsChannel, JSON.stringify({ type: 'reload' } satisfies Reload)]);
}

/** Notifies all replicas, on commit, of changed templates or flags. */
export async function notifyTemplates(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [
    eventsChannel,
    JSON.stringify({ type: 'templates' } satisfies TemplatesChanged),
  ]);
}

/** Notifies all replicas, on commit, of a new decision or a changed alert. */
export async function notifyMonitor(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [
    eventsChannel,
    JSON.stringify({ type: 'monitor' } satisfies MonitorChanged),
  ]);
}

/** Notifies all replicas, on commit, of a changed alias or rollout. */
export async function notifyModels(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [
    eventsChannel,
    JSON.stringify({ type: 'models' } satisfies ModelsChanged),
  ]);
}

/** Notifies all replicas, on commit, of the state of a training run. */
export async function notifyTrainingRun(manager: EntityManager, run: Omit<TrainingRunChanged, 'type'>): Promise<void> {
  const { id, state, phase, progress } = run;
  const change: TrainingRunChanged = { type: 'training-run', id, state, phase, progress };
  await manager.query('SELECT pg_notify($1, $2)', [eventsChannel, JSON.stringify(change)]);
}

/** Fills each payload with as many tickets as fit: usually 40 bytes each, at most nearly 2,000. */
function splitIntoPayloads(tickets: { source: string; ticketId: string }[]): string[] {
  const groups: TicketsChanged['tickets'][] = [];
  let bytes = maxPayloadBytes;
  for (const { source, ticketId } of tickets) {
    const size = Buffer.byteLength(JSON.stringify({ source, ticketId })) + 1;
    if (bytes + size > maxPayloadBytes) {
      groups.push([]);
      bytes = Buffer.byteLength(JSON.stringify({ type: 'tickets', tickets: [] }));
    }
    groups.at(-1)?.push({ source, ticketId });
    bytes += size;
  }
  return groups.map((group) => JSON.stringify({ type: 'tickets', tickets: group } satisfies TicketsChanged));
}
