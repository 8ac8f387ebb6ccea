import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applyTransition,
  openAlert,
  quietHours,
  type AlertEvent,
  type AlertStatus,
  type AlertTransition,
} from '../../../src/monitoring/alerts/alert-lifecycle.js';
import type { RetrainAction } from '../../../src/monitoring/decisions/retrain-decision.js';

/** What becomes of an alert, told as people meet it; then what must hold whatever happens to it. */

const hour = 3_600_000;
const start = Date.parse('2026-01-05T10:00:00Z');
const at = (hours: number): Date => new Date(start + hours * hour);

/** Opens an alert that proposes to label first, and lets the steps happen. */
function life(...steps: AlertTransition[]): { status: AlertStatus; told: AlertEvent[]; refused: string[] } {
  const opened = openAlert(at(0), 'label-first');
  let { status } = opened;
  const told = [opened.event];
  const refused: string[] = [];
  for (const step of steps) {
    const outcome = applyTransition(status, step);
    if (outcome.kind === 'refused') refused.push(outcome.detail);
    else {
      status = outcome.status;
      if (outcome.event) told.push(outcome.event);
    }
  }
  return { status, told, refused };
}

const seen = (hours: number, action: RetrainAction = 'label-first'): AlertTransition => ({
  kind: 'detected',
  at: at(hours),
  action,
});
const unseen = (hours: number): AlertTransition => ({ kind: 'not-detected', at: at(hours) });
const acknowledge = (hours: number): AlertTransition => ({ kind: 'acknowledge', at: at(hours), actor: 'ada' });
const close = (hours: number): AlertTransition => ({ kind: 'close', at: at(hours), actor: 'ada', reason: 'known' });
const snooze = (hours: number, until: number): AlertTransition => ({
  kind: 'snooze',
  at: at(hours),
  actor: 'ada',
  reason: 'after the sale',
  until: at(until),
});
const kinds = ({ told }: { told: AlertEvent[] }): string[] => told.map(({ kind }) => kind);

describe('an alert', () => {
  test('is told once, however often its cause is seen', () => {
    const one = life(seen(1), seen(2), seen(3));
    expect(kinds(one)).toEqual(['opened']);
    expect(one.status).toMatchObject({ state: 'open', openedAt: at(0), seenAt: at(3) });
  });

  test('is told again when something else is proposed', () => {
    expect(kinds(life(seen(1, 'retrain')))).toEqual(['opened', 'updated']);
  });

  test('that was acknowledged stays so while it goes on', () => {
    const one = life(acknowledge(1), seen(2), acknowledge(3));
    expect(kinds(one)).toEqual(['opened', 'acknowledged']);
    expect(one.status).toMatchObject({ state: 'acknowledged', owner: 'ada' });
  });

  test('that was put off is silent until then, and comes back if it is still there', () => {
    const one = life(snooze(1, 5), seen(4));
    expect(kinds(one)).toEqual(['opened', 'snoozed']);
    expect(one.status).toMatchObject({ state: 'snoozed', reason: 'after the sale', snoozedUntil: at(5) });
    const back = life(snooze(1, 5), seen(4), seen(5));
    expect(kinds(back)).toEqual(['opened', 'snoozed', 'reopened']);
    expect(back.status).toMatchObject({ state: 'open', snoozedUntil: null, owner: null });
  });

  test('that was put off comes back at once when it has become worse', () => {
    expect(kinds(life(snooze(1, 50), seen(2, 'retrain')))).toEqual(['opened', 'snoozed', 'reopened']);
    expect(kinds(life(snooze(1, 50), seen(2, 'record')))).toEqual(['opened', 'snoozed']);
  });

  test('that was closed stays closed while the same thing goes on, and comes back when it has gone and returned', () => {
    expect(life(close(1), seen(2), seen(3)).status.state).toBe('closed');
    const back = life(close(1), seen(2), unseen(3), seen(4));
    expect(kinds(back)).toEqual(['opened', 'closed', 'reopened']);
    expect(back.status).toMatchObject({ state: 'open', closedAt: null, reason: null });
  });

  test('closes itself when its cause has been gone for a day', () => {
    expect(life(unseen(1), unseen(quietHours - 1)).status.state).toBe('open');
    const over = life(unseen(1), unseen(quietHours));
    expect(over.status).toMatchObject({ state: 'closed', owner: 'monitor', reason: 'Not detected for 24 hours' });
  });

  test('of a model that no longer ranks is closed', () => {
    const over = life({ kind: 'superseded', at: at(1), by: 'm-2' });
    expect(over.status).toMatchObject({ state: 'closed', active: false, reason: 'Model m-2 was promoted' });
  });

  test('that is closed can be neither acknowledged nor put off nor closed again; a snooze ends in the future', () => {
    expect(life(close(1), acknowledge(2), snooze(2, 3), close(3)).refused).toHaveLength(3);
    expect(life(snooze(2, 2)).refused).toEqual(['until must lie in the future']);
  });
});

describe('whatever happens', () => {
  const action = fc.constantFrom<RetrainAction>('repair', 'reweight', 'record', 'label-first', 'retrain', 'none');
  const reason = fc.constantFrom('a', 'b');
  const actor = fc.constantFrom('ada', 'bob');
  const anyStep = fc.oneof(
    fc.record({ kind: fc.constant('detected' as const), action }),
    fc.record({ kind: fc.constant('not-detected' as const) }),
    fc.record({ kind: fc.constant('acknowledge' as const), actor }),
    fc.record({ kind: fc.constant('snooze' as const), actor, reason, hours: fc.integer({ min: -2, max: 40 }) }),
    fc.record({ kind: fc.constant('close' as const), actor, reason }),
    fc.record({ kind: fc.constant('superseded' as const), by: fc.constant('m-2') }),
  );
  const anySteps = fc.array(fc.tuple(anyStep, fc.integer({ min: 0, max: 30 })), { maxLength: 40 }).map((drawn) => {
    let now = 0;
    return drawn.map(([step, hours]) => {
      now += hours;
      if (step.kind !== 'snooze') return { ...step, at: at(now) };
      const { hours: length, ...rest } = step;
      return { ...rest, at: at(now), until: at(now + length) };
    });
  });

  test('its fields tell of its state, and of no other', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const { status } = life(...steps);
        expect(status.snoozedUntil !== null).toBe(status.state === 'snoozed');
        expect(status.closedAt !== null).toBe(status.state === 'closed');
        expect(status.owner !== null).toBe(status.state !== 'open');
        expect(status.reason !== null).toBe(['snoozed', 'closed'].includes(status.state));
        expect(status.openedAt).toEqual(at(0));
      }),
    );
  });

  test('what is told leads to the state it is in', () => {
    const leadsTo: Record<string, string | null> = {
      opened: 'open',
      reopened: 'open',
      updated: null,
      acknowledged: 'acknowledged',
      snoozed: 'snoozed',
      closed: 'closed',
    };
    fc.assert(
      fc.property(anySteps, (steps) => {
        const { status, told } = life(...steps);
        const last = told.map(({ kind }) => leadsTo[kind]).findLast((state) => state !== null);
        expect(status.state).toBe(last);
        const between = told.map(({ kind }) => kind);
        between.forEach((kind, index) => {
          if (index > 0 && kind === 'closed') expect(between[index - 1]).not.toBe('closed');
        });
      }),
    );
  });

  test('nobody is told the same twice: a look that sees what the last one saw is silent', () => {
    fc.assert(
      fc.property(anySteps, action, (steps, proposed) => {
        const { status } = life(...steps);
        const once = applyTransition(status, { kind: 'detected', at: at(2_000), action: proposed });
        if (once.kind === 'refused') throw new Error('a look can not be refused');
        const twice = applyTransition(once.status, { kind: 'detected', at: at(2_000), action: proposed });
        expect(twice).toMatchObject({ event: null });
      }),
    );
  });
});
