import type { Diagnosis } from '../../src/monitoring/diagnosis/diagnosis.js';
import {
  decide,
  defaultDecisionSettings,
  type RetrainDecision,
} from '../../src/monitoring/decisions/retrain-decision.js';

/** The decision on an active alarm, for a team with enough labels and no recent training. */
export const decisionAfterAlarm = ({ causes, labelShift, accuracy, risk }: Diagnosis): RetrainDecision =>
  decide(
    {
      now: new Date(0),
      alarm: true,
      causes,
      labelShift,
      reweighted: false,
      loss: accuracy?.loss ?? null,
      wasHarmful: false,
      riskRisen: risk?.risen ?? null,
      freshLabels: 1_000,
      unlearnedLabels: 1_000,
      topicLabels: 0,
      lastTrainedAt: null,
      scheduleDue: false,
      requested: false,
    },
    defaultDecisionSettings,
  );
