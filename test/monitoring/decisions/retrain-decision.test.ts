import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cause, CauseKind } from '../../../src/monitoring/diagnosis/cause.js';
import {
  decide,
  defaultDecisionSettings,
  isHarmful,
  type DecisionEvidence,
} from '../../../src/monitoring/decisions/retrain-decision.js';
import { nextReweighting } from '../../../src/monitoring/decisions/reweighting.js';

const now = new Date('2026-03-02T10:00:00Z');
const cause = (kind: CauseKind): Cause => ({ kind, subject: '', share: 0.2, pValue: 1e-6, sentence: `${kind}.` });

/** A week after the last training, plenty of labels, nothing seen. */
function evidence(given: Partial<DecisionEvidence> = {}): DecisionEvidence {
  return {
    now,
    alarm: false,
    causes: [],
    labelShift: null,
    reweighted: false,
    loss: null,
    wasHarmful: false,
    riskRisen: null,
    freshLabels: 5_000,
    unlearnedLabels: given.freshLabels ?? 5_000,
    topicLabels: 0,
    lastTrainedAt: new Date(now.getTime() - 7 * 86_400_000),
    scheduleDue: false,
    requested: false,
    ...given,
  };
}

const actionOf = (given: Partial<DecisionEvidence>): string => decide(evidence(given), defaultDecisionSettings).action;
const shifted = { explains: true, mayExplain: true, distance: 0.2 };
const loss = (value: number) => ({ value, low: value - 0.01, high: value + 0.01 });

describe('the ladder', () => {
  test.each<[string, Partial<DecisionEvidence>, string]>([
    ['nothing moved and nothing is due', {}, 'none'],
    ['bodies are empty', { alarm: true, causes: [cause('empty-text')], loss: loss(0.4) }, 'repair'],
    ['a field is gone while the schedule is due', { alarm: true, causes: [cause('field-gone')], scheduleDue: true }, 'repair'],
    ['the mix of questions changed', { alarm: true, causes: [cause('label-shift')], labelShift: shifted }, 'reweight'],
    ['… and the model is re-weighted for it already', { alarm: true, causes: [cause('label-shift')], labelShift: shifted, reweighted: true, loss: loss(0) }, 'record'],
    ['wording changed and does no harm', { alarm: true, causes: [cause('wording')], loss: loss(0.005) }, 'record'],
    ['wording changed and hurts', { alarm: true, causes: [cause('wording')], loss: loss(0.08) }, 'retrain'],
    ['… and there are hardly any labels', { alarm: true, causes: [cause('wording')], loss: loss(0.08), freshLabels: 20 }, 'label-first'],
    ['a new topic came', { alarm: true, causes: [cause('new-topic')], loss: loss(0.08) }, 'label-first'],
    ['… and a template with labels followed', { alarm: true, causes: [cause('new-topic')], loss: loss(0.08), topicLabels: 20 }, 'retrain'],
    ['… and its template has few labels', { alarm: true, causes: [cause('new-topic')], loss: loss(0.08), topicLabels: 19 }, 'label-first'],
    ['labels contradict the model', { alarm: true, causes: [cause('changed-meaning')], riskRisen: true }, 'retrain'],
    ['the schedule is due and nothing moved', { scheduleDue: true }, 'retrain'],
    ['the schedule is due without labels', { scheduleDue: true, freshLabels: 3 }, 'none'],
    ['… and a challenger that was kept back has read the newest of many labels', { scheduleDue: true, freshLabels: 3, unlearnedLabels: 400 }, 'retrain'],
    ['it hurts, an hour after a training', { alarm: true, causes: [cause('wording')], loss: loss(0.08), lastTrainedAt: new Date(now.getTime() - 3_600_000) }, 'none'],
    ['a person asks an hour after a training', { requested: true, lastTrainedAt: new Date(now.getTime() - 3_600_000) }, 'retrain'],
  ])('%s: %#', (_, given, action) => expect(actionOf(given)).toBe(action)); // prettier-ignore

  test('stays with what it proposed while an estimate wavers about its limit', () => {
    const looks = [0.02, 0.032, 0.028, 0.031, 0.022, 0.019, 0.029];
    let wasHarmful = false;
    const proposed = looks.map((value) => {
      const seen = { alarm: true, causes: [cause('wording')], loss: loss(value), wasHarmful };
      wasHarmful = isHarmful(seen.loss, defaultDecisionSettings.minLoss, wasHarmful);
      return actionOf(seen);
    });
    expect(proposed).toEqual(['record', 'retrain', 'retrain', 'retrain', 'retrain', 'record', 'record']);
  });

  test('leaves weights in service while another mix may still explain what moved, and takes them back then', () => {
    const wavers = { ...shifted, explains: false };
    const reweighted = { alarm: true, reweighted: true };
    expect(nextReweighting('record', { ...reweighted, labelShift: wavers }, null)).toBe('keep');
    expect(nextReweighting('record', { ...reweighted, labelShift: { ...wavers, mayExplain: false } }, null)).toBe(
      'end',
    );
    expect(actionOf({ alarm: true, causes: [cause('label-shift')], labelShift: wavers })).not.toBe('reweight');
  });

  test('says why, with numbers', () => {
    const { reasons } = decide(evidence({ scheduleDue: true, freshLabels: 3 }), defaultDecisionSettings);
    expect(reasons).toEqual([
      'No drift detected.',
      'Scheduled retraining is due.',
      '3 labels since the serving model was trained; a retraining requires 200.',
    ]);
  });
});

describe('whatever is seen', () => {
  const kinds: CauseKind[] = [
    'empty-text',
    'garbled-text',
    'channel',
    'label-shift',
    'new-topic',
    'wording',
    'changed-meaning',
  ];
  const any = fc.record({
    alarm: fc.boolean(),
    causes: fc.uniqueArray(fc.constantFrom(...kinds)).map((names) => names.map(cause)),
    labelShift: fc.option(
      fc.record({
        explains: fc.boolean(),
        mayExplain: fc.boolean(),
        distance: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    ),
    reweighted: fc.boolean(),
    loss: fc.option(fc.double({ min: -0.5, max: 0.5, noNaN: true }).map(loss)),
    wasHarmful: fc.boolean(),
    riskRisen: fc.option(fc.boolean()),
    freshLabels: fc.nat(1_000),
    hours: fc.nat(100),
    scheduleDue: fc.boolean(),
    requested: fc.boolean(),
  });
  const decided = ({ hours, ...given }: typeof any extends fc.Arbitrary<infer T> ? T : never) =>
    decide(evidence({ ...given, lastTrainedAt: new Date(now.getTime() - hours * 3_600_000) }), defaultDecisionSettings);

  test('a reason is given', () => {
    fc.assert(
      fc.property(any, (given) => {
        expect(decided(given).reasons.length).toBeGreaterThan(0);
      }),
    );
  });

  test('broken input is never learned', () => {
    fc.assert(
      fc.property(any, (given) => {
        const broken = { ...given, alarm: true, causes: [...given.causes, cause('empty-text')] };
        expect(decided(broken).action).toBe('repair');
      }),
    );
  });

  test('nothing is retrained within the cool-down unless a person asks', () => {
    fc.assert(
      fc.property(any, (given) => {
        expect(decided({ ...given, requested: false, hours: 23 }).action).not.toBe('retrain');
      }),
    );
  });

  test('nothing is retrained on too few labels', () => {
    fc.assert(
      fc.property(any, (given) => {
        expect(decided({ ...given, freshLabels: 199 }).action).not.toBe('retrain');
      }),
    );
  });

  test('without an alarm and a schedule there is nothing to do', () => {
    fc.assert(
      fc.property(any, (given) => {
        expect(decided({ ...given, alarm: false, scheduleDue: false, requested: false }).action).toBe('none');
      }),
    );
  });
});
