/**
 * Alerts in the database. A look says which causes it has seen: each goes to its one alert, and every alert that was not
 * seen is told so. Part of the transaction that stores the look.
 */
import type { EntityManager } from 'typeorm';
import { Alert } from '../../records/alert.entity.js';
import type { Stream } from '../../records/observed-ticket.entity.js';
import { afterStep, openedAlert, type AlertEvent, type AlertStep } from './alert-lifecycle.js';
import { monitorActor } from '../../access/audit-log.js';
import { statusOf, tellEvent } from './alert-row.js';
import { matchCauses } from './cause-match.js';
import type { Finding } from '../observations/finding.js';
import type { RetrainAction } from '../decisions/retrain-decision.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';
import { message } from '../messages.js';

/** A cause as one look saw it. */
export interface SeenCause {
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
  /** Ids of tickets that show it, the best first */
  examples: number[];
}

export interface AlertLook {
  modelVersion: string;
  stream: Stream;
  at: Date;
  seen: SeenCause[];
  /** Group of an alert that is there already, from its cause */
  groupOf: (cause: string) => string;
  /** Whether somebody listens */
  deliver: boolean;
}

/** @returns the alert of each cause, in order */
export async function recordLook(manager: EntityManager, look: AlertLook): Promise<number[]> {
  const { modelVersion, stream, at, seen, groupOf, deliver } = look;
  const rows = await manager.getRepository(Alert).find({
    where: { modelVersion, stream },
    order: { id: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  });
  const known = rows.map(({ id, cause, active, state }) => {
    return { id, cause, group: groupOf(cause), going: active && state !== 'closed' };
  });
  const matched = matchCauses(known, seen);
  const ids: number[] = [];
  for (const { seen: one, alert } of matched) {
    const row = rows.find(({ id }) => id === alert);
    ids.push(row ? await seenAgain(manager, row, one, { at, deliver }) : await opened(manager, one, look));
  }
  for (const row of rows.filter(({ id }) => !ids.includes(id))) {
    await takeStep(manager, row, { kind: 'unseen', at }, deliver);
  }
  return ids;
}

/** The alerts of models that do not rank any more are over. */
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
  for (const row of rows) await takeStep(manager, row, { kind: 'superseded', at, by: serving }, deliver);
}

/** What a person does with an alert. @returns null where there is no such alert; else why it was refused, or '' */
export async function personStep(
  manager: EntityManager,
  id: number,
  step: AlertStep,
  deliver: boolean,
): Promise<string | null> {
  const row = await manager.getRepository(Alert).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  return row && takeStep(manager, row, step, deliver);
}

/** @returns why it was refused, or '' */
async function takeStep(manager: EntityManager, row: Alert, step: AlertStep, deliver: boolean): Promise<string> {
  const outcome = afterStep(statusOf(row), step);
  if (outcome.kind === 'refused') return outcome.detail;
  await manager.getRepository(Alert).update({ id: row.id }, outcome.status);
  if (outcome.event) await tellEvent(manager, row.id, outcome.event, { deliver });
  return '';
}

async function opened(manager: EntityManager, one: SeenCause, { modelVersion, stream, at, deliver }: AlertLook) {
  const { cause, headline, message: localized = null, findings, evidence } = one;
  const { status, event } = openedAlert(at, one.action);
  const { identifiers } = await manager
    .getRepository(Alert)
    .insert({ modelVersion, stream, cause, headline, message: localized, findings, evidence, ...status });
  const id = Number(identifiers[0]?.id);
  await writeExamples(manager, id, one.examples);
  await tellEvent(manager, id, event, { detail: { cause }, deliver });
  return id;
}

async function seenAgain(
  manager: EntityManager,
  row: Alert,
  one: SeenCause,
  { at, deliver }: { at: Date; deliver: boolean },
): Promise<number> {
  const outcome = afterStep(statusOf(row), { kind: 'seen', at, action: one.action });
  if (outcome.kind === 'refused') return row.id;
  const { cause, headline, message: localized = null, findings, evidence } = one;
  await manager
    .getRepository(Alert)
    .update({ id: row.id }, { cause, headline, message: localized, findings, evidence, ...outcome.status });
  await writeExamples(manager, row.id, one.examples);
  const event = outcome.event ?? (await renamed(manager, row, cause, at));
  if (event) await tellEvent(manager, row.id, event, { detail: { cause }, deliver });
  return row.id;
}

/** What is called now one thing and now another is told once of each name. */
async function renamed(manager: EntityManager, row: Alert, cause: string, at: Date): Promise<AlertEvent | null> {
  if (row.cause === cause || row.state === 'closed' || row.state === 'snoozed') return null;
  const told: unknown[] = await manager.query(
    `SELECT 1 FROM alert_events WHERE alert = $1 AND detail ->> 'cause' = $2 LIMIT 1`,
    [row.id, cause],
  );
  if (told.length > 0) return null;
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
