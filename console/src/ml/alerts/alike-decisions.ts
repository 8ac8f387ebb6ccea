import type { Decision } from '../api.js';

/** Decisions one after the other that say the same, as the newest of them. */
export interface AlikeDecisions {
  newest: Decision;
  oldest: Decision;
  count: number;
}

/** @param decisions newest first */
export function gathered(decisions: readonly Decision[]): AlikeDecisions[] {
  const groups: AlikeDecisions[] = [];
  for (const decision of decisions) {
    const last = groups.at(-1);
    if (last && isAlike(last.newest, decision)) {
      last.oldest = decision;
      last.count += 1;
    } else groups.push({ newest: decision, oldest: decision, count: 1 });
  }
  return groups;
}

const isAlike = (a: Decision, b: Decision): boolean =>
  a.action === b.action && a.requestedBy === b.requestedBy && a.alert === b.alert && a.modelVersion === b.modelVersion;
