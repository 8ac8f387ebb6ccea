import type { EntityManager } from 'typeorm';

/** PostgreSQL channel on which every replica hears what changed. */
export const eventsChannel = 'replyrank_events';

export interface TicketsChanged {
  type: 'tickets';
  tickets: { source: string; ticketId: string }[];
}

/** Any ticket may look different now. */
export interface Reload {
  type: 'reload';
}

/** Templates, or what agents say of them, have changed. */
export interface TemplatesChanged {
  type: 'templates';
}

/** The monitor has decided something, or an alert has changed. */
export interface MonitorChanged {
  type: 'monitor';
}

/** Another version may have to rank now: replicas look for themselves at once. */
export interface ModelsChanged {
  type: 'models';
}

/** A training run has begun, has got further or has ended. */
export interface TrainingRunChanged {
  type: 'training-run';
  id: number;
  state: string;
  phase: string | null;
  progress: number | null;
}

/** PostgreSQL takes less than 8,000 bytes. */
const mostBytes = 7_900;

/** Tells every replica, on commit, that tickets have changed. */
export async function notifyTickets(
  manager: EntityManager,
  tickets: { source: string; ticketId: string }[],
): Promise<void> {
  const payloads = payloadsOf(tickets);
  if (payloads.length > 0) {
    await manager.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [eventsChannel, payloads]);
  }
}

/** Tells every replica, on commit, that what is shown of any ticket may have changed. */
export async function notifyReload(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [eventsChannel, JSON.stringify({ type: 'reload' } satisfies Reload)]);
}

/** Tells every replica, on commit, that templates, or what agents say of them, have changed. */
export async function notifyTemplates(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [
    eventsChannel,
    JSON.stringify({ type: 'templates' } satisfies TemplatesChanged),
  ]);
}

/** Tells every replica, on commit, that there is a new decision, or news of an alert. */
export async function notifyMonitor(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [
    eventsChannel,
    JSON.stringify({ type: 'monitor' } satisfies MonitorChanged),
  ]);
}

/** Tells every replica, on commit, that an alias or a rollout has changed. */
export async function notifyModels(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [
    eventsChannel,
    JSON.stringify({ type: 'models' } satisfies ModelsChanged),
  ]);
}

/** Tells every replica, on commit, where a training run stands. */
export async function notifyTrainingRun(manager: EntityManager, run: Omit<TrainingRunChanged, 'type'>): Promise<void> {
  const { id, state, phase, progress } = run;
  const change: TrainingRunChanged = { type: 'training-run', id, state, phase, progress };
  await manager.query('SELECT pg_notify($1, $2)', [eventsChannel, JSON.stringify(change)]);
}

/** As many tickets in each payload as fit: one has 40 bytes as a rule, and nearly 2,000 at worst. */
function payloadsOf(tickets: { source: string; ticketId: string }[]): string[] {
  const groups: TicketsChanged['tickets'][] = [];
  let bytes = mostBytes;
  for (const { source, ticketId } of tickets) {
    const size = Buffer.byteLength(JSON.stringify({ source, ticketId })) + 1;
    if (bytes + size > mostBytes) {
      groups.push([]);
      bytes = Buffer.byteLength(JSON.stringify({ type: 'tickets', tickets: [] }));
    }
    groups.at(-1)?.push({ source, ticketId });
    bytes += size;
  }
  return groups.map((group) => JSON.stringify({ type: 'tickets', tickets: group } satisfies TicketsChanged));
}
