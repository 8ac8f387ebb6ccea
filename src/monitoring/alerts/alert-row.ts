/** Maps an alert's row to its status, and records its events. */
import type { EntityManager } from 'typeorm';
import type { Alert } from '../../records/monitoring/alert.entity.js';
import { notifyMonitor } from '../../events/change-events.js';
import type { AlertEvent, AlertStatus } from './alert-lifecycle.js';
import type { RetrainAction } from '../decisions/retrain-decision.js';

export function toStatus(row: Alert): AlertStatus {
  const { state, active, owner, reason, reasonMessage, snoozedUntil, openedAt, seenAt, closedAt } = row;
  return {
    state,
    active,
    action: row.action as RetrainAction,
    owner,
    reason,
    reasonMessage,
    snoozedUntil,
    openedAt,
    seenAt,
    closedAt,
  };
}

/** Adds an event to the history of an alert, notifies the pages, and queues its delivery. */
export async function recordEvent(
  manager: EntityManager,
  alert: number,
  event: AlertEvent,
  { detail = {}, deliver }: { detail?: object; deliver: boolean },
): Promise<void> {
  const [row]: { id: number }[] = await manager.query(
    `INSERT INTO alert_events (alert, at, actor, kind, reason, message, detail) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
    [alert, event.at, event.actor, event.kind, event.reason, event.message ?? null, detail],
  );
  await notifyMonitor(manager);
  if (deliver && row) await manager.query('INSERT INTO alert_deliveries (event) VALUES ($1)', [row.id]);
}
