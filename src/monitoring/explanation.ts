import { nothingSeen, type SeenEvidence } from './decision-store.js';

/** What stands behind an alarm. */
export interface Explanation {
  seen: Omit<SeenEvidence, 'alarm'>;
  /** As alerts show it; `words` are those of tickets */
  evidence: { words: string[] } & Record<string, unknown>;
  /** Ids of tickets that show it, the best first */
  examples: number[];
}

const { alarm, ...nothing } = nothingSeen;
export const unexplained: Explanation = { seen: nothing, evidence: { words: [] }, examples: [] };
