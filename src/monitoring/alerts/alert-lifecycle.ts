/**
 * The states of an alert, as a pure function: one alert for each cause, which people can acknowledge, snooze or close.
 *
 * - An alert that a person closed or snoozed stays so while its cause persists. It reopens when the cause is detected again after
 *   it was gone, when the snooze expires, or when the proposed action becomes more severe.
 * - An alert closes when its cause was not detected for `quietHours`.
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
  /** Whether the last evaluation detected the cause */
  active: boolean;
  action: RetrainAction;
  /** Who acknowledged, snoozed or closed it last; null where nobody has */
  owner: string | null;
  /** Why it was snoozed or closed; null otherwise */
  reason: string | null;
  /** The reason as data; null where a person wrote it */
  reasonMessage: LocalizedMessage | null;
  snoozedUntil: Date | null;
  openedAt: Date;
  /** When the cause was detected last */
  seenAt: Date;
  closedAt: Date | null;
}

/** An evaluation detects a cause or does not; a promotion supersedes it; people do the rest. */
export type AlertTransition =
  | { kind: 'detected'; at: Date; action: RetrainAction }
  | { kind: 'not-detected'; at: Date }
  | { kind: 'superseded'; at: Date; by: string }
  | { kind: 'acknowledge'; at: Date; actor: string }
  | { kind: 'snooze'; at: Date; actor: string; reason: string; until: Date }
  | { kind: 'close'; at: Date; actor: string; reason: string };

export interface AlertEvent {
  kind: AlertEventKind;
  at: Date;
  actor: string;
  reason: string | null;
  /** The reason as data; missing where a person wrote it */
  message?: LocalizedMessage | undefined;
}

export type TransitionResult =
  | { kind: 'ok'; status: AlertStatus; event: AlertEvent | null }
  /** Nothing has changed; `detail` is the reason. */
  | { kind: 'refused'; detail: string };

export const quietHours = 24;
const hourMs = 3_600_000;

/** From the least to the most severe. */
const severity: Record<RetrainAction, number> = {
  none: 0,
  record: 1,
  reweight: 2,
  'label-first': 3,
  retrain: 4,
  repair: 5,
};

/** The alert of a cause that is detected for the first time. */
export function openAlert(at: Date, action: RetrainAction): { status: AlertStatus; event: AlertEvent } {
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

export function applyTransition(before: AlertStatus, transition: AlertTransition): TransitionResult {
  switch (transition.kind) {
    case 'detected':
      return detected(before, transition);
    case 'not-detected':
      return notDetected(before, transition.at);
    case 'superseded':
      return before.state === 'closed'
        ? unchanged({ ...before, active: false })
        : closed(
            { ...before, active: false },
            transition.at,
            monitorActor,
            message('superseded', { version: transition.by }),
          );
    case 'acknowledge':
      if (before.state === 'closed') return refused('the alert is closed');
      if (before.state === 'acknowledged' && before.owner === transition.actor) return unchanged(before);
      return changed(
        { ...before, state: 'acknowledged', owner: transition.actor, ...withoutReason, snoozedUntil: null },
        { kind: 'acknowledged', at: transition.at, actor: transition.actor, reason: null },
      );
    case 'snooze':
      if (before.state === 'closed') return refused('the alert is closed');
      if (transition.until <= transition.at) return refused('until must lie in the future');
      return changed(
        {
          ...before,
          state: 'snoozed',
          owner: transition.actor,
          reason: transition.reason,
          reasonMessage: null,
          snoozedUntil: transition.until,
        },
        { kind: 'snoozed', at: transition.at, actor: transition.actor, reason: transition.reason },
      );
    case 'close':
      if (before.state === 'closed') return refused('the alert is closed already');
      return closed(before, transition.at, transition.actor, { sentence: transition.reason });
  }
}

function detected(before: AlertStatus, { at, action }: { at: Date; action: RetrainAction }): TransitionResult {
  const after = { ...before, active: true, action, seenAt: at };
  const isMoreSevere = severity[action] > severity[before.action];
  if (before.state === 'closed') {
    if (before.active && !isMoreSevere) return unchanged({ ...after, action: before.action });
    return reopened(after, at, before.active ? message('other-action', { action }) : message('cause-is-back'));
  }
  if (before.state === 'snoozed') {
    if (isMoreSevere) return reopened(after, at, message('other-action', { action }));
    if (before.snoozedUntil !== null && at >= before.snoozedUntil)
      return reopened(after, at, message('snooze-is-over'));
    // The snooze is for the action of that time: a milder one in between must not make the same action reopen it later.
    return unchanged({ ...after, action: before.action });
  }
  if (action === before.action) return unchanged(after);
  const { sentence, message: localized } = message('other-action', { action });
  return changed(after, { kind: 'updated', at, actor: monitorActor, reason: sentence, message: localized });
}

function notDetected(before: AlertStatus, at: Date): TransitionResult {
  const after = { ...before, active: false };
  const quietFor = at.getTime() - before.seenAt.getTime();
  if (before.state === 'closed' || quietFor < quietHours * hourMs) return unchanged(after);
  return closed(after, at, monitorActor, message('not-seen', { hours: quietHours }));
}

function closed(before: AlertStatus, at: Date, actor: string, cause: EnglishMessage): TransitionResult {
  return changed(
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

function reopened(status: AlertStatus, at: Date, cause: EnglishMessage): TransitionResult {
  return changed(
    { ...status, state: 'open', owner: null, ...withoutReason, snoozedUntil: null, closedAt: null },
    { kind: 'reopened', at, actor: monitorActor, reason: cause.sentence, message: cause.message },
  );
}

const withoutReason = { reason: null, reasonMessage: null };
const changed = (status: AlertStatus, event: AlertEvent): TransitionResult => ({ kind: 'ok', status, event });
const unchanged = (status: AlertStatus): TransitionResult => ({ kind: 'ok', status, event: null });
const refused = (detail: string): TransitionResult => ({ kind: 'refused', detail });
