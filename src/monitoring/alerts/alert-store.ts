/**
 * Alerts in the database. An evaluation reports the causes that it detected: each updates its one alert, and every other alert
 * is updated as not detected. Part of the transaction of the monitor's tick.
 */
import type { EntityManager } from 'typeorm';
import { Alert } from '../../records/monitoring/alert.entity.js';
import type { Stream } from '../../records/tickets/observed-ticket.entity.js';
import { applyTransition, openAlert, type AlertEvent, type AlertTransition } from './alert-lifecycle.js';
import { monitorActor } from '../../access/audit-log.js';
import { toStatus, recordEvent } from './alert-row.js';
import { matchCauses } from './cause-match.js';
import type { Finding } from '../observations/finding.js';
import type { RetrainAction } from '../decisions/retrain-decision.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';
import { message } from '../messages.js';

/** A cause as one evaluation detected it. */
export interface DetectedCause {
  /** `field-gone:country` */
  cause: string;
  group: string;
  action: RetrainAction;
  /** One sentence */
  headline: string;
  /** The same as data */
  message?: LocalizedMessage | undefined;
  findings: Finding[];
  evidence: object;
  /** Ids of example tickets, the best first */
  examples: number[];
}

export interface AlertUpdate {
  modelVersion: string;
  stream: Stream;
  at: Date;
  causes: DetectedCause[];
  /** Group of a cause's name */
  groupOf: (cause: string) => string;
  /** Whether a webhook is configured */
  deliver: boolean;
}

/** @returns the alert of each cause, in order */
export async function updateAlerts(manager: EntityManager, update: AlertUpdate): Promise<number[]> {
  const { modelVersion, stream, at, causes, groupOf, deliver } = update;
  const rows = await manager.getRepository(Alert).find({
    where: { modelVersion, stream },
    order: { id: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  });
  const known = rows.map(({ id, cause, active, state }) => {
    return { id, cause, group: groupOf(cause), isActive: active && state !== 'closed' };
  });
  const matched = matchCauses(known, causes);
  const ids: number[] = [];
  for (const { cause, alert } of matched) {
    const row = rows.find(({ id }) => id === alert);
    ids.push(row ? await updateAlert(manager, row, cause, { at, deliver }) : await insertAlert(manager, cause, update));
  }
  for (const row of rows.filter(({ id }) => !ids.includes(id))) {
    await storeTransition(manager, row, { kind: 'not-detected', at }, deliver);
  }
  return ids;
}

/** Closes the alerts of models that are no longer in service. */
export async function supersedeAlerts(
  manager: EntityManager,
  { serving, at, deliver }: { serving: string; at: Date; deliver: boolean },
): Promise<void> {
  const rows = await manager
    .getRepository(Alert)
    .createQueryBuilder('alert')
    .where(`alert.modelVersion <> :serving AND (alert.state <> 'closed' OR alert.active)`, { serving })
    .orderBy('alert.id')
    .setLock('pessimistic_write')
    .getMany();
  for (const row of rows) await storeTransition(manager, row, { kind: 'superseded', at, by: serving }, deliver);
}

/** @returns null where there is no such alert; else why the transition was refused, or '' */
export async function applyPersonTransition(
  manager: EntityManager,
  id: number,
  transition: AlertTransition,
  deliver: boolean,
): Promise<string | null> {
  const row = await manager.getRepository(Alert).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  return row && storeTransition(manager, row, transition, deliver);
}

/** @returns why it was refused, or '' */
async function storeTransition(
  manager: EntityManager,
  row: Alert,
  transition: AlertTransition,
  deliver: boolean,
): Promise<string> {
  const result = applyTransition(toStatus(row), transition);
  if (result.kind === 'refused') return result.detail;
  await manager.getRepository(Alert).update({ id: row.id }, result.status);
  if (result.event) await recordEvent(manager, row.id, result.event, { deliver });
  return '';
}

async function insertAlert(
  manager: EntityManager,
  detected: DetectedCause,
  { modelVersion, stream, at, deliver }: AlertUpdate,
) {
  const { cause, headline, message: localized = null, findings, evidence } = detected;
  const { status, event } = openAlert(at, detected.action);
  const { identifiers } = await manager
    .getRepository(Alert)
    .insert({ modelVersion, stream, cause, headline, message: localized, findings, evidence, ...status });
  const id = Number(identifiers[0]?.id);
  await writeExamples(manager, id, detected.examples);
  await recordEvent(manager, id, event, { detail: { cause }, deliver });
  return id;
}

async function updateAlert(
  manager: EntityManager,
  row: Alert,
  detected: DetectedCause,
  { at, deliver }: { at: Date; deliver: boolean },
): Promise<number> {
  const result = applyTransition(toStatus(row), { kind: 'detected', at, action: detected.action });
  if (result.kind === 'refused') return row.id;
  const { cause, headline, message: localized = null, findings, evidence } = detected;
  await manager
    .getRepository(Alert)
    .update({ id: row.id }, { cause, headline, message: localized, findings, evidence, ...result.status });
  await writeExamples(manager, row.id, detected.examples);
  const event = result.event ?? (await reclassifiedEvent(manager, row, cause, at));
  if (event) await recordEvent(manager, row.id, event, { detail: { cause }, deliver });
  return row.id;
}

/** A cause that alternates between names is reported once for each name. */
async function reclassifiedEvent(
  manager: EntityManager,
  row: Alert,
  cause: string,
  at: Date,
): Promise<AlertEvent | null> {
  if (row.cause === cause || row.state === 'closed' || row.state === 'snoozed') return null;
  const reported: unknown[] = await manager.query(
    `SELECT 1 FROM alert_events WHERE alert = $1 AND detail ->> 'cause' = $2 LIMIT 1`,
    [row.id, cause],
  );
  if (reported.length > 0) return null;
  const changed = message('other-cause', { cause });
  return { kind: 'updated', at, actor: monitorActor, reason: changed.sentence, message: changed.message };
}

async function writeExamples(manager: EntityManager, alert: number, tickets: number[]): Promise<void> {
  await manager.query('DELETE FROM alert_examples WHERE alert = $1 AND ticket <> ALL ($2::bigint[])', [alert, tickets]);
  await manager.query(
    `INSERT INTO alert_examples (alert, ticket, place)
     SELECT $1, t.id, given.place FROM unnest($2::bigint[]) WITH ORDINALITY AS given (ticket, place)
       JOIN tickets t ON t.id = given.ticket
     ON CONFLICT (alert, ticket) DO UPDATE SET place = EXCLUDED.place`,
    [alert, tickets],
  );
}
