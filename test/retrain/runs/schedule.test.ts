/** When a scheduled retraining is evaluated. */
import { describe, expect, test } from 'vitest';
import { isEvaluationDue } from '../../../src/retrain/runs/schedule.js';

describe('the schedule', () => {
  const at = (text: string): Date => new Date(text);
  const mondays = '0 3 * * 1';

  test('asks when its time has come, once, and makes up for one that was missed', () => {
    const facts = { championSince: at('2026-11-01T00:00:00Z'), lastEvaluation: at('2026-11-16T03:00:01Z') };
    expect(isEvaluationDue(mondays, { ...facts, now: at('2026-11-23T02:59:59Z') })).toBe(false);
    expect(isEvaluationDue(mondays, { ...facts, now: at('2026-11-23T03:00:00Z') })).toBe(true);
    expect(isEvaluationDue(mondays, { ...facts, now: at('2026-12-02T12:00:00Z') })).toBe(true);
    expect(
      isEvaluationDue(mondays, {
        ...facts,
        lastEvaluation: at('2026-12-02T12:00:00Z'),
        now: at('2026-12-02T12:00:01Z'),
      }),
    ).toBe(false);
  });

  test('does not count times before there was a champion', () => {
    const now = at('2026-11-25T10:00:00Z');
    expect(isEvaluationDue(mondays, { now, lastEvaluation: null, championSince: null })).toBe(false);
    expect(isEvaluationDue(mondays, { now, lastEvaluation: null, championSince: at('2026-11-24T10:00:00Z') })).toBe(
      false,
    );
    expect(isEvaluationDue(mondays, { now, lastEvaluation: null, championSince: at('2026-11-20T10:00:00Z') })).toBe(
      true,
    );
  });
});
