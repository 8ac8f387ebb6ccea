/**
 * The life of an alert, as a pure function: one alert for each cause, which people can acknowledge, put off or close, and
 * which comes back by itself.
 *
 * - What a person has closed or put off stays so while the same thing goes on. It comes back when the cause had gone and
 *   returned, when the time of a snooze is over, or when the proposed action has become a heavier one.
 * - A cause that has been gone for `quietHours` closes its alert.
 */
import type { RetrainAction } from '../decisions/retrain-decision.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';
import type { EnglishMessage } from '../../messages/localized-message.js';
import { message } from '../messages.js';
import { monitorActor } from '../../access/audit-log.js';

export const alertStates = ['open', 'acknowledged', 'snoozed', 'closed'] as const;
export type AlertState = (typeof alertStates)[number];
export const alertEventKinds = ['opened', 'updated', 'acknowledged', 'snoozed', 'closed', 'reopened'] as const;
export type AlertEventKind = (typeof alertEventKinds)[number];

export interface AlertStatus {
  state: AlertState;
  /** Whether the last look still saw the cause */
  active: boolean;
  action: RetrainAction;
  /** Who acknowledged it, put it off or closed it last; null where nobody has */
  owner: string | null;
  /** Why it was put off or closed; null else */
  reason: string | null;
  /** The same as data where the monitor says it; null where a person does */
  reasonMessage: LocalizedMessage | null;
  snoozedUntil: Date | null;
  openedAt: Date;
  /** When a look saw the cause last */
  seenAt: Date;
  closedAt: Date | null;
}

/** What may happen to an alert. A look says `seen` or `unseen` of every cause; the rest is said by people. */
export type AlertStep =
  | { kind: 'seen'; at: Date; action: RetrainAction }
  | { kind: 'unseen'; at: Date }
  | { kind: 'superseded'; at: Date; by: string }
  | { kind: 'acknowledge'; at: Date; actor: string }
  | { kind: 'snooze'; at: Date; actor: string; reason: string; until: Date }
  | { kind: 'close'; at: Date; actor: string; reason: string };

export interface AlertEvent {
  kind: AlertEventKind;
  at: Date;
  actor: string;
  reason: string | null;
  /** The same as data where the monitor says it */
  message?: LocalizedMessage | undefined;
}

export type AlertOutcome =
  | { kind: 'ok'; status: AlertStatus; event: AlertEvent | null }
  /** Nothing has changed; `detail` says why it can't be done. */
  | { kind: 'refused'; detail: string };

export const quietHours = 24;
const hourMs = 3_600_000;

/** From the lightest to the heaviest. */
const weight: Record<RetrainAction, number> = {
  none: 0,
  record: 1,
  reweight: 2,
  'label-first': 3,
  retrain: 4,
  repair: 5,
};

/** A cause that is seen for the first time. */
export function openedAlert(at: Date, action: RetrainAction): { status: AlertStatus; event: AlertEvent } {
  const status: AlertStatus = {
    state: 'open',
    active: true,
    action,
    owner: null,
    reason: null,
    reasonMessage: null,
    snoozedUntil: null,
    openedAt: at,
    seenAt: at,
    closedAt: null,
  };
  return { status, event: { kind: 'opened', at, actor: monitorActor, reason: null } };
}

export function afterStep(before: AlertStatus, step: AlertStep): AlertOutcome {
  switch (step.kind) {
    case 'seen':
      return seen(before, step);
    case 'unseen':
      return unseen(before, step.at);
    case 'superseded':
      return before.state === 'closed'
        ? quietly({ ...before, active: false })
        : closed({ ...before, active: false }, step.at, monitorActor, message('superseded', { version: step.by }));
    case 'acknowledge':
      if (before.state === 'closed') return refused('the alert is closed');
      if (before.state === 'acknowledged' && before.owner === step.actor) return quietly(before);
      return told(
        { ...before, state: 'acknowledged', owner: step.actor, ...withoutReason, snoozedUntil: null },
        { kind: 'acknowledged', at: step.at, actor: step.actor, reason: null },
      );
    case 'snooze':
      if (before.state === 'closed') return refused('the alert is closed');
      if (step.until <= step.at) return refused('until must lie in the future');
      return told(
        {
          ...before,
          state: 'snoozed',
          owner: step.actor,
          reason: step.reason,
          reasonMessage: null,
          snoozedUntil: step.until,
        },
        { kind: 'snoozed', at: step.at, actor: step.actor, reason: step.reason },
      );
    case 'close':
      if (before.state === 'closed') return refused('the alert is closed already');
      return closed(before, step.at, step.actor, { sentence: step.reason });
  }
}

function seen(before: AlertStatus, { at, action }: { at: Date; action: RetrainAction }): AlertOutcome {
  const after = { ...before, active: true, action, seenAt: at };
  const isHeavier = weight[action] > weight[before.action];
  if (before.state === 'closed') {
    if (before.active && !isHeavier) return quietly({ ...after, action: before.action });
    return reopened(after, at, before.active ? message('other-action', { action }) : message('cause-is-back'));
  }
  if (before.state === 'snoozed') {
    if (isHeavier) return reopened(after, at, message('other-action', { action }));
    if (before.snoozedUntil !== null && at >= before.snoozedUntil)
      return reopened(after, at, message('snooze-is-over'));
    // What was put off is what was proposed then: a lighter proposal in between must not make the same one news later.
    return quietly({ ...after, action: before.action });
  }
  if (action === before.action) return quietly(after);
  const changed = message('other-action', { action });
  return told(after, { kind: 'updated', at, actor: monitorActor, reason: changed.sentence, message: changed.message });
}

function unseen(before: AlertStatus, at: Date): AlertOutcome {
  const after = { ...before, active: false };
  const quietFor = at.getTime() - before.seenAt.getTime();
  if (before.state === 'closed' || quietFor < quietHours * hourMs) return quietly(after);
  return closed(after, at, monitorActor, message('not-seen', { hours: quietHours }));
}

function closed(before: AlertStatus, at: Date, actor: string, cause: EnglishMessage): AlertOutcome {
  return told(
    {
      ...before,
      state: 'closed',
      owner: actor,
      reason: cause.sentence,
      reasonMessage: cause.message ?? null,
      snoozedUntil: null,
      closedAt: at,
    },
    { kind: 'closed', at, actor, reason: cause.sentence, message: cause.message },
  );
}

function reopened(status: AlertStatus, at: Date, cause: EnglishMessage): AlertOutcome {
  return told(
    { ...status, state: 'open', owner: null, ...withoutReason, snoozedUntil: null, closedAt: null },
    { kind: 'reopened', at, actor: monitorActor, reason: cause.sentence, message: cause.message },
  );
}

const withoutReason = { reason: null, reasonMessage: null };
const told = (status: AlertStatus, event: AlertEvent): AlertOutcome => ({ kind: 'ok', status, event });
const quietly = (status: AlertStatus): AlertOutcome => ({ kind: 'ok', status, event: null });
const refused = (detail: string): AlertOutcome => ({ kind: 'refused', detail });
