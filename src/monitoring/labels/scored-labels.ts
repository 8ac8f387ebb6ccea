/**
 * What labels say of first suggestions, whoever gave them. A choice of an agent who may take what stands first whatever it is
 * says less than an audit label; but there are fifty of them for each of those.
 */
import type { ExposedOutcome } from '../observations/observation.js';
import { choiceCredit, type Trust } from './trust.js';

export interface ScoredLabels {
  /** By key, in the order in which labels came: what each is worth as proof that the first suggestion is right; 0–1 in the mean */
  credits: ReadonlyMap<string, number>;
  /** Standard error of the mean credit that comes of not knowing trust better */
  error: number;
}

/**
 * Audit, correction and history labels as they are; a choice less what it owes to having stood first. With choices all labels
 * stand together, since a ticket whose choice was corrected would be missing among them. Without, audit labels where there are
 * any, which no suggestion has swayed.
 *
 * @param first what is judged, by key: the first suggestion, null where nothing was ranked
 * @param trust null: choices are left out
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
    const said = first.get(key);
    if (said === undefined) continue;
    const shown = trust && isChoice(outcome) ? outcome.shownFirst : null;
    const value = trust?.value ?? 0;
    // That nothing fits is no template's answer: a suggestion was wrong.
    credits.set(key, said === null ? 0 : choiceCredit(said, templateId, shown, value));
    if (shown !== null && said !== null)
      slope += (Number(said === templateId) - Number(said === shown)) / (1 - value) ** 2;
  }
  return { credits, error: (Math.abs(slope) * (trust?.error ?? 0)) / Math.max(1, credits.size) };
}

/** Audit labels where there are any; else history and corrections. */
export function unbiasedLabels(outcomes: readonly ExposedOutcome[]): ExposedOutcome[] {
  const audits = outcomes.filter(({ provenance }) => provenance === 'audit');
  return audits.length > 0 ? audits : outcomes.filter(({ provenance }) => provenance !== 'choice');
}

const isChoice = ({ provenance }: ExposedOutcome): boolean => provenance === 'choice';
