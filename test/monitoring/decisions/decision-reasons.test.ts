import { describe, expect, test } from 'vitest';
import type { Cause, CauseKind } from '../../../src/monitoring/diagnosis/cause.js';
import {
  decide,
  defaultDecisionSettings,
  isHarmful,
  type DecisionEvidence,
} from '../../../src/monitoring/decisions/retrain-decision.js';

const now = new Date('2026-03-02T10:00:00Z');
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * 3_600_000);
const cause = (kind: CauseKind): Cause => ({ kind, subject: '', share: 0.2, pValue: 1e-6, sentence: `${kind}.` });
const loss = { value: 0.08, low: 0.07, high: 0.09 };
const small = { value: 0.01, low: 0, high: 0.02 };
const shift = { explains: true, mayExplain: true, distance: 0.2 };

function decided(given: Partial<DecisionEvidence>) {
  const { action, messages, reasons } = decide(
    {
      now,
      alarm: true,
      causes: [cause('wording')],
      labelShift: null,
      reweighted: false,
      loss: null,
      wasHarmful: false,
      riskRisen: null,
      freshLabels: 5_000,
      unlearnedLabels: 5_000,
      topicLabels: 0,
      lastTrainedAt: hoursAgo(168),
      scheduleDue: false,
      requested: false,
      ...given,
    },
    defaultDecisionSettings,
  );
  return {
    action,
    keys: messages.map((own) => own?.key ?? null),
    params: messages.map((own) => own?.params ?? null),
    reasons,
  };
}

describe('a decision gives its reasons in the order in which they were looked at', () => {
  // A cause has a sentence of its own, and no key here.
  test.each<[string, Partial<DecisionEvidence>, string, (string | null)[]]>([
    ['no alarm', { alarm: false }, 'none', ['no-alarm']],
    ['too few tickets', { alarm: false, untested: { tickets: 7, required: 30 } }, 'none', ['untested']],
    ['broken input without an alarm', { alarm: false, causes: [cause('empty-text')] }, 'none', ['no-alarm']],
    ['an alarm without a cause', { causes: [] }, 'record', ['no-cause', 'loss-is-unknown']],
    [
      'broken input',
      { causes: [cause('wording'), cause('empty-text')], requested: true },
      'repair',
      [null, 'broken-input'],
    ],
    ['a person asks', { requested: true, lastTrainedAt: hoursAgo(1) }, 'retrain', [null, 'requested', 'fresh-labels']],
    ['another mix', { labelShift: shift, loss }, 'reweight', [null, 'mix-explains']],
    [
      'another mix that is re-weighted',
      { labelShift: shift, reweighted: true, loss: small },
      'record',
      [null, 'mix-is-reweighted', 'loss-is-small'],
    ],
    [
      'another mix that may explain it',
      { labelShift: { ...shift, explains: false }, loss: small },
      'record',
      [null, 'loss-is-small'],
    ],
    [
      'a re-weighted mix that explains nothing any more',
      { labelShift: { ...shift, mayExplain: false }, reweighted: true, loss: small },
      'record',
      [null, 'loss-is-small'],
    ],
    [
      'another mix and a changed meaning',
      { causes: [cause('changed-meaning')], labelShift: shift, loss },
      'retrain',
      [null, 'loss-is-harmful', 'fresh-labels'],
    ],
    [
      'a new topic with labels',
      { causes: [cause('new-topic')], topicLabels: 20 },
      'retrain',
      [null, 'topic-can-be-learned', 'fresh-labels'],
    ],
    [
      'a new topic without labels',
      { causes: [cause('new-topic')], topicLabels: 19, riskRisen: true },
      'label-first',
      [null, 'topic-needs-labels'],
    ],
    ['labels of a topic, but no topic', { topicLabels: 20, loss: small }, 'record', [null, 'loss-is-small']],
    ['a risen risk', { riskRisen: true, loss: small }, 'retrain', [null, 'risk-has-risen', 'fresh-labels']],
    ['a risk that has not risen', { riskRisen: false, loss: small }, 'record', [null, 'loss-is-small']],
    ['a loss', { loss }, 'retrain', [null, 'loss-is-harmful', 'fresh-labels']],
    [
      'a loss that was harmful',
      { loss: { ...small, value: 0.021 }, wasHarmful: true },
      'retrain',
      [null, 'loss-was-harmful', 'fresh-labels'],
    ],
    ['a loss, the schedule due', { loss, scheduleDue: true }, 'retrain', [null, 'loss-is-harmful', 'unlearned-labels']],
    ['the schedule', { alarm: false, scheduleDue: true }, 'retrain', ['no-alarm', 'scheduled', 'unlearned-labels']],
    [
      'the schedule after a small loss',
      { loss: small, scheduleDue: true },
      'retrain',
      [null, 'loss-is-small', 'scheduled', 'unlearned-labels'],
    ],
    [
      'the schedule within the cool-down',
      { loss: small, scheduleDue: true, lastTrainedAt: hoursAgo(23) },
      'record',
      [null, 'loss-is-small', 'scheduled', 'cool-down'],
    ],
    [
      'the schedule with few labels',
      { loss: small, scheduleDue: true, unlearnedLabels: 199 },
      'record',
      [null, 'loss-is-small', 'scheduled', 'unlearned-labels'],
    ],
    [
      'a loss within the cool-down',
      { loss, lastTrainedAt: hoursAgo(23.99) },
      'none',
      [null, 'loss-is-harmful', 'cool-down'],
    ],
    [
      'a loss at the end of the cool-down',
      { loss, lastTrainedAt: hoursAgo(24) },
      'retrain',
      [null, 'loss-is-harmful', 'fresh-labels'],
    ],
    ['a loss before any training', { loss, lastTrainedAt: null }, 'retrain', [null, 'loss-is-harmful', 'fresh-labels']],
    ['a loss with few labels', { loss, freshLabels: 199 }, 'label-first', [null, 'loss-is-harmful', 'fresh-labels']],
    [
      'a loss with just enough labels',
      { loss, freshLabels: 200, unlearnedLabels: 0 },
      'retrain',
      [null, 'loss-is-harmful', 'fresh-labels'],
    ],
  ])('%s', (_, given, action, keys) => {
    const found = decided(given);
    expect(found.action).toBe(action);
    expect(found.keys).toEqual(keys);
    expect(found.reasons).toHaveLength(keys.length);
  });

  test('with the figures that decided', () => {
    const figures = { loss: 0.08, low: 0.07, high: 0.09, threshold: 0.02 };
    expect(decided({ loss, freshLabels: 300 }).params.slice(1)).toEqual([figures, { labels: 300, required: 200 }]);
    expect(decided({ loss, scheduleDue: true, unlearnedLabels: 301 }).params[2]).toEqual({
      labels: 301,
      required: 200,
    });
    expect(decided({ loss, lastTrainedAt: hoursAgo(6) }).params[2]).toEqual({ hours: 6, coolDownHours: 24 });
    expect(decided({ labelShift: shift }).params[1]).toEqual({ moved: 0.2 });
    expect(decided({ causes: [cause('new-topic')], topicLabels: 25 }).params[1]).toEqual({ labels: 25 });
    expect(decided({ riskRisen: true }).params[1]).toEqual({ threshold: 0.02 });
  });
});

describe('a loss', () => {
  test('begins to be harmful when it is surely above the limit, and is until it is no longer above it', () => {
    expect(isHarmful({ value: 0.05, low: 0.02, high: 0.08 }, 0.02, false)).toBe(false);
    expect(isHarmful({ value: 0.05, low: 0.021, high: 0.08 }, 0.02, false)).toBe(true);
    expect(isHarmful({ value: 0.021, low: 0, high: 0.08 }, 0.02, true)).toBe(true);
    expect(isHarmful({ value: 0.02, low: 0, high: 0.08 }, 0.02, true)).toBe(false);
    expect(isHarmful(null, 0.02, true)).toBe(false);
  });
});

test('the usual settings', () => {
  expect(defaultDecisionSettings).toEqual({ minLoss: 0.02, minLabels: 200, minTopicLabels: 20, coolDownHours: 24 });
});
