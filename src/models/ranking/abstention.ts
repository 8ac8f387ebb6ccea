/** Fits the thresholds of abstention and of the conformal set on held-out rows. */
import { percentOf } from '../../statistics/percent.js';

/** The prediction for a held-out row. */
export interface HeldOutRow {
  /** Probability of the first template */
  confidence: number;
  /** Largest logit of all classes: the out-of-distribution score, low for unfamiliar texts (Hendrycks et al. 2022) */
  maxLogit: number;
  /** Probability of the right template; null where none fits */
  rightProbability: number | null;
  /** Whether the first template is the right one */
  right: boolean;
}

export interface AbstentionRule {
  /** Tickets with a lower maximum logit are out of scope. */
  outOfScopeThreshold: number;
  /** Rankings with a lower first probability are not shown. */
  confidenceThreshold: number;
  /** Templates with at least this probability are in the conformal set. */
  conformalThreshold: number;
}

/** Minimum of rows without a fitting template to fit the out-of-scope threshold on */
const minNoneRows = 20;
/** Without such rows: share of the tickets that counts as out of scope */
const outlierShare = 0.005;
/** With them: maximum share of tickets with a fitting template that lose a correct first suggestion */
const maxFalseRejections = 0.02;

/**
 * @param precision target share of correct first suggestions among those shown, 0–1
 * @param coverage target share of tickets whose right template is in the conformal set, 0–1
 */
export function fitAbstention(rows: readonly HeldOutRow[], precision: number, coverage: number): AbstentionRule {
  const outOfScopeThreshold = fitOutOfScopeThreshold(rows);
  const shown = rows.filter(({ maxLogit }) => maxLogit >= outOfScopeThreshold);
  return {
    outOfScopeThreshold,
    confidenceThreshold: fitConfidenceThreshold(shown, precision),
    conformalThreshold: fitConformalThreshold(rows, coverage),
  };
}

/**
 * With enough rows of both kinds: the threshold with the largest Youden index (Youden 1950) among those that reject at most
 * `maxFalseRejections` correct first suggestions.
 */
function fitOutOfScopeThreshold(rows: readonly HeldOutRow[]): number {
  const sorted = rows.toSorted((a, b) => a.maxLogit - b.maxLogit);
  const none = sorted.filter(({ rightProbability }) => rightProbability === null).length;
  const some = sorted.length - none;
  if (none < minNoneRows || some === 0) {
    const known = sorted.filter(({ rightProbability }) => rightProbability !== null);
    return known[Math.floor(outlierShare * some)]?.maxLogit ?? -Infinity;
  }
  let best = { gain: 0, threshold: -Infinity };
  let [gain, lost] = [0, 0];
  for (const [index, { rightProbability, maxLogit, right }] of sorted.entries()) {
    const isNewThreshold = maxLogit > (sorted[index - 1]?.maxLogit ?? -Infinity);
    if (isNewThreshold && gain > best.gain && lost <= maxFalseRejections * some) best = { gain, threshold: maxLogit };
    gain += rightProbability === null ? 1 / none : -1 / some;
    if (right) lost += 1;
  }
  return best.threshold;
}

/** A threshold's effect, percent: correct suggestions of rows with a template, and abstentions of rows without. */
export interface ScopePoint {
  answeredRight: number;
  abstentionRecall: number;
}

/**
 * The curve that the out-of-scope threshold is chosen from; empty where all rows have a template.
 *
 * @param chosen its point comes first
 */
export function scopeCurve(rows: readonly HeldOutRow[], chosen: number, points = 60): ScopePoint[] {
  const none = rows.filter(({ rightProbability }) => rightProbability === null);
  const some = rows.filter(({ rightProbability }) => rightProbability !== null);
  if (none.length === 0 || some.length === 0) return [];
  const at = (least: number): ScopePoint => ({
    answeredRight: percentOf(some.filter(({ right, maxLogit }) => right && maxLogit >= least).length, some.length),
    abstentionRecall: percentOf(none.filter(({ maxLogit }) => maxLogit < least).length, none.length),
  });
  const sorted = rows.map(({ maxLogit }) => maxLogit).sort((a, b) => a - b);
  const thresholds = Array.from(
    { length: points + 1 },
    (_, point) => sorted[Math.floor((point * sorted.length) / points)],
  );
  return [at(chosen), ...thresholds.map((least) => at(least ?? Infinity))];
}

/** The lowest confidence at which the target share of first suggestions is correct. */
function fitConfidenceThreshold(rows: readonly HeldOutRow[], precision: number): number {
  const sorted = rows.toSorted((a, b) => b.confidence - a.confidence);
  let right = 0;
  let threshold = Infinity;
  sorted.forEach((row, index) => {
    if (row.right) right += 1;
    const isLastOfItsKind = sorted[index + 1]?.confidence !== row.confidence;
    if (isLastOfItsKind && right / (index + 1) >= precision) threshold = row.confidence;
  });
  if (threshold === Infinity) return sorted[0]?.confidence ?? 0;
  // All can be shown: then later tickets of slightly lower confidence are shown too.
  return threshold === sorted.at(-1)?.confidence ? 0 : threshold;
}

/** Split conformal prediction (Vovk et al. 2005; Sadinle, Lei & Wasserman 2019, least ambiguous sets). */
function fitConformalThreshold(rows: readonly HeldOutRow[], coverage: number): number {
  const sorted = rows.flatMap(({ rightProbability }) => rightProbability ?? []).sort((a, b) => a - b);
  const place = Math.floor((1 - coverage) * (sorted.length + 1)) - 1;
  return place < 0 ? 0 : (sorted[place] ?? 0);
}
