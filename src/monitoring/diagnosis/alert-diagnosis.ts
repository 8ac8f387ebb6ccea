import type { Cause } from './cause.js';
import type { Estimate } from './estimated-accuracy.js';
import type { Diagnosis } from './diagnosis.js';
import type { ClassPriorShift } from './class-prior.js';

/** What an evaluation finds in the tickets. */
export interface EvaluationResult {
  /** An alert is active. */
  alarm: boolean;
  /** The most likely first */
  causes: readonly Cause[];
  /** Null where there were too few tickets or none with a ranking */
  labelShift: { explains: boolean; mayExplain: boolean; distance: number } | null;
  /** Drop of the top-1 accuracy below the reference's; null where it can't be estimated */
  loss: Estimate | null;
  /** A sequential test of labelled tickets has found the error rate risen by more than is worth a retraining; null without labels */
  riskRisen: boolean | null;
  /** Class weights by template; null where they would not help */
  weights: Record<string, number> | null;
  /** What labels say of the shift between templates; null where they show none */
  classPrior: ClassPriorShift | null;
  /** Top-1 accuracy by the model's own probabilities; null where it can't be estimated */
  estimatedAccuracy: Estimate | null;
}

export const emptyEvaluation: EvaluationResult = {
  alarm: false,
  causes: [],
  labelShift: null,
  loss: null,
  riskRisen: null,
  weights: null,
  classPrior: null,
  estimatedAccuracy: null,
};

/** The diagnosis of an alarm, as decisions and alerts use it. */
export interface AlertDiagnosis {
  evaluation: Omit<EvaluationResult, 'alarm' | 'classPrior'>;
  /** As alerts show it; `words` come from tickets */
  evidence: { words: string[] } & Record<string, unknown>;
  /** Ids of example tickets, the best first */
  examples: number[];
}

const { alarm, classPrior, ...nothing } = emptyEvaluation;
export const noDiagnosis: AlertDiagnosis = { evaluation: nothing, evidence: { words: [] }, examples: [] };

/** @param ticketOf id of a ticket by its key */
export function alertDiagnosis(evidence: Diagnosis, ticketOf: (key: string) => number | null): AlertDiagnosis {
  const { causes, labelShift, accuracy, risk, words, examples, ...rest } = evidence;
  return {
    evaluation: {
      causes,
      labelShift: labelShift && {
        explains: labelShift.explains,
        mayExplain: labelShift.mayExplain,
        distance: labelShift.distance,
      },
      loss: accuracy?.loss ?? null,
      riskRisen: risk?.risen ?? null,
      weights: labelShift?.explains ? { ...labelShift.ratios.ratios } : null,
      estimatedAccuracy: accuracy?.now ?? null,
    },
    evidence: {
      ...rest,
      words: words.map(({ word }) => word),
      typicalWords: words,
      accuracy,
      risk,
      shares: labelShift?.shares ?? null,
    },
    examples: examples.flatMap(({ key }) => ticketOf(key) ?? []),
  };
}
