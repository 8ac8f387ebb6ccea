/**
 * Scores first suggestions by labels of any provenance. Position bias makes a choice less informative than an audit label, but there
 * are about fifty choices for each of those.
 */
import type { ExposedOutcome } from '../observations/observation.js';
import { choiceCredit, type Trust } from './trust.js';

export interface ScoredLabels {
  /** By key, in order of the labels: an unbiased score of the first suggestion, 0–1 in the mean */
  credits: ReadonlyMap<string, number>;
  /** Standard error of the mean score due to the uncertainty of trust */
  error: number;
}

/**
 * Audit, correction and history labels count as they are; choices are corrected for position bias. With choices, all labels are
 * used, since a corrected choice would be missing otherwise. Without, only the audit labels are, if there are any, as no suggestion
 * influenced them.
 *
 * @param first the first suggestion by key; null where nothing was ranked
 * @param trust null leaves choices out
 */
export function scoreLabels(
  outcomes: readonly ExposedOutcome[],
  first: ReadonlyMap<string, string | null>,
  trust: Trust | null,
): ScoredLabels {
  const used = trust !== null && outcomes.some(isChoice) ? outcomes : unbiasedLabels(outcomes);
  const credits = new Map<string, number>();
  let slope = 0;
  for (const outcome of used) {
    const { key, templateId } = outcome;
    const predicted = first.get(key);
    if (predicted === undefined) continue;
    const shown = trust && isChoice(outcome) ? outcome.shownFirst : null;
    const value = trust?.value ?? 0;
    // Where no template fits, a suggestion was wrong.
    credits.set(key, predicted === null ? 0 : choiceCredit(predicted, templateId, shown, value));
    if (shown !== null && predicted !== null)
      slope += (Number(predicted === templateId) - Number(predicted === shown)) / (1 - value) ** 2;
  }
  return { credits, error: (Math.abs(slope) * (trust?.error ?? 0)) / Math.max(1, credits.size) };
}

/** Audit labels if there are any; otherwise history and corrections. */
export function unbiasedLabels(outcomes: readonly ExposedOutcome[]): ExposedOutcome[] {
  const audits = outcomes.filter(({ provenance }) => provenance === 'audit');
  return audits.length > 0 ? audits : outcomes.filter(({ provenance }) => provenance !== 'choice');
}

const isChoice = ({ provenance }: ExposedOutcome): boolean => provenance === 'choice';
