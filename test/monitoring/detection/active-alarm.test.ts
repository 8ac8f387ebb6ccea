import { describe, expect, test } from 'vitest';
import type { Cause, CauseKind } from '../../../src/monitoring/diagnosis/cause.js';
import type { Alarm } from '../../../src/monitoring/detection/change-detector.js';
import { noDiagnosis } from '../../../src/monitoring/diagnosis/alert-diagnosis.js';
import type { Finding } from '../../../src/monitoring/observations/finding.js';
import type { RetrainAction } from '../../../src/monitoring/decisions/retrain-decision.js';
import { causeGroup, alertCauses } from '../../../src/monitoring/alerts/alert-causes.js';
import { raiseAlarm, confirmAlarm } from '../../../src/monitoring/detection/active-alarm.js';

/** How long an alarm stays active, and which alerts it opens. */

const finding = (alarm: boolean): Finding => ({
  signal: 'embedding',
  slice: { by: 'all', value: '' },
  statistic: 1,
  pValue: 0.001,
  evidence: null,
  alarm,
  effect: { value: 0.1, low: 0.05, high: 0.15, unit: 'share of tickets' },
  explanation: '10.0 pp of tickets beyond the 95th reference percentile.',
});
const at = (hour: number): Date => new Date(Date.UTC(2026, 0, 5, hour));
const alarm = (kind: Alarm['kind'], hour: number): Alarm => {
  return { kind, key: 'helpdesk:1', at: at(hour), evidence: 100_000, findings: [finding(true)] };
};

describe('an alarm', () => {
  const raised = raiseAlarm(null, { alarms: [alarm('drift', 9)], tickets: 50 });

  test('stands since it was raised first, and counts the tickets since it was raised last', () => {
    expect(raised).toMatchObject({ since: at(9).toISOString(), tickets: 0 });
    const later = raiseAlarm(raised, { alarms: [], tickets: 70 });
    expect(later).toMatchObject({ since: at(9).toISOString(), tickets: 70 });
    expect(raiseAlarm(later, { alarms: [alarm('drift', 12)], tickets: 20 })).toMatchObject({
      since: at(9).toISOString(),
      tickets: 0,
    });
  });

  test('is not raised by the number of tickets, nor by nothing', () => {
    expect(raiseAlarm(null, { alarms: [alarm('volume', 9)], tickets: 50 })).toBeNull();
    expect(raiseAlarm(null, { alarms: [], tickets: 50 })).toBeNull();
  });

  test('is over when enough tickets have come and the window sees nothing any more', () => {
    const enough = raiseAlarm(raised, { alarms: [], tickets: 300 });
    if (!raised || !enough) throw new Error('it stands');
    expect(confirmAlarm(raised, [finding(false)])).not.toBeNull();
    expect(confirmAlarm(enough, [finding(true), finding(false)])).not.toBeNull();
    expect(confirmAlarm(enough, [])).not.toBeNull();
    expect(confirmAlarm(enough, [finding(false)])).toBeNull();
  });
});

describe('the alerts of an alarm', () => {
  const activeAlarm = { since: at(9).toISOString(), tickets: 300, findings: [finding(true)] };
  const cause = (kind: CauseKind, subject = ''): Cause => {
    return { kind, subject, share: 0.1, pValue: 0.001, sentence: `It is ${kind}.` };
  };
  const alerts = (action: RetrainAction, ...causes: Cause[]) =>
    alertCauses(
      { ...noDiagnosis, evaluation: { ...noDiagnosis.evaluation, causes } },
      { action, activeAlarm, windowFindings: [finding(false)] },
    ).map(({ cause: name, action: own, headline }) => [name, own, headline]);

  test('are one for all that drift is called, by its likeliest name', () => {
    expect(alerts('label-first', cause('new-topic'), cause('wording'), cause('label-shift'))).toEqual([
      ['new-topic:', 'label-first', 'It is new-topic.'],
    ]);
  });

  test('are one for each input that is broken, beside it', () => {
    const broken = [cause('field-gone', 'country'), cause('empty-text')];
    expect(alerts('repair', ...broken, cause('wording')).map(([name, action]) => [name, action])).toEqual([
      ['field-gone:country', 'repair'],
      ['empty-text:', 'repair'],
      ['wording:', 'record'],
    ]);
  });

  test('are one that says so where no cause stands out', () => {
    expect(alerts('record')).toEqual([
      ['unexplained:', 'record', 'Drift detected; no cause identified. Strongest signal: embedding drift.'],
    ]);
  });

  test('find their group again from their name', () => {
    expect(causeGroup('new-topic:')).toBe(causeGroup('wording:'));
    expect(causeGroup('field-gone:country')).not.toBe(causeGroup('field-gone:plan'));
    expect(causeGroup('volume:')).toBe('volume');
  });
});
