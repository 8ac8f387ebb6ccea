import { nothingSeen, type SeenEvidence } from '../decisions/decision-store.js';
import type { Evidence } from './evidence.js';

/** What stands behind an alarm. */
export interface Explanation {
  seen: Omit<SeenEvidence, 'alarm' | 'mix'>;
  /** As alerts show it; `words` are those of tickets */
  evidence: { words: string[] } & Record<string, unknown>;
  /** Ids of tickets that show it, the best first */
  examples: number[];
}

const { alarm, mix, ...nothing } = nothingSeen;
export const unexplained: Explanation = { seen: nothing, evidence: { words: [] }, examples: [] };

/** @param ticketOf the id of a ticket by its key */
export function explanationOf(evidence: Evidence, ticketOf: (key: string) => number | null): Explanation {
  const { causes, labelShift, accuracy, risk, words, examples, ...rest } = evidence;
  return {
    seen: {
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
