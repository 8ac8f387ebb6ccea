/** When nothing is suggested, and how long a list must be to hold the right template: decided on held-out rows. */
import { percentOf } from '../../statistics/percent.js';

/** What was predicted for a held-out row. */
export interface HeldOutRow {
  /** Probability of the first template */
  confidence: number;
  /** The largest logit of all classes: low where a text is like nothing that was learned */
  familiarity: number;
  /** Probability of the right template; null where none fits */
  rightProbability: number | null;
  /** Whether the first template is the right one */
  right: boolean;
}

export interface AbstentionRule {
  /** Below this the ticket is out of scope. */
  leastFamiliarity: number;
  /** Below this the model is unsure. */
  leastConfidence: number;
  /** Templates with at least this probability belong to the set of the promised coverage. */
  leastInSet: number;
}

/** Fewer rows on which no template fits do not tell where to draw the line. */
const fewestNoneRows = 20;
/** Without such rows: so many of the tickets at hand may count as out of scope. */
const oddShare = 0.005;
/** With them: so many of the tickets that a template fits may lose a first suggestion that would have been right. */
const mostHeldBack = 0.02;

/**
 * @param precision share of right ones that is wanted among the first suggestions shown, 0–1
 * @param coverage share of tickets whose right template the set must hold, 0–1
 */
export function fitAbstention(rows: readonly HeldOutRow[], precision: number, coverage: number): AbstentionRule {
  const leastFamiliarity = scopeLine(rows);
  const shown = rows.filter(({ familiarity }) => familiarity >= leastFamiliarity);
  return { leastFamiliarity, leastConfidence: confidenceFor(shown, precision), leastInSet: setLine(rows, coverage) };
}

/**
 * Where there is evidence: the line with the largest sum of both shares that stand on the right side (Youden 1950), as long
 * as it holds back few first suggestions that would have been right.
 */
function scopeLine(rows: readonly HeldOutRow[]): number {
  const sorted = rows.toSorted((a, b) => a.familiarity - b.familiarity);
  const none = sorted.filter(({ rightProbability }) => rightProbability === null).length;
  const some = sorted.length - none;
  if (none < fewestNoneRows || some === 0) {
    const known = sorted.filter(({ rightProbability }) => rightProbability !== null);
    return known[Math.floor(oddShare * some)]?.familiarity ?? -Infinity;
  }
  let best = { gain: 0, line: -Infinity };
  let [gain, lost] = [0, 0];
  for (const [index, { rightProbability, familiarity, right }] of sorted.entries()) {
    const isNewLine = familiarity > (sorted[index - 1]?.familiarity ?? -Infinity);
    if (isNewLine && gain > best.gain && lost <= mostHeldBack * some) best = { gain, line: familiarity };
    gain += rightProbability === null ? 1 / none : -1 / some;
    if (right) lost += 1;
  }
  return best.line;
}

/** What each line would give, in percent: of rows with a template those answered and right, of the others those held back. */
export interface ScopePoint {
  answeredRight: number;
  abstentionRecall: number;
}

/**
 * The whole curve that the line for what is out of scope is chosen from; empty where no row has no template.
 *
 * @param line that was chosen: its point comes first
 */
export function scopeCurve(rows: readonly HeldOutRow[], line: number, points = 60): ScopePoint[] {
  const none = rows.filter(({ rightProbability }) => rightProbability === null);
  const some = rows.filter(({ rightProbability }) => rightProbability !== null);
  if (none.length === 0 || some.length === 0) return [];
  const at = (least: number): ScopePoint => ({
    answeredRight: percentOf(
      some.filter(({ right, familiarity }) => right && familiarity >= least).length,
      some.length,
    ),
    abstentionRecall: percentOf(none.filter(({ familiarity }) => familiarity < least).length, none.length),
  });
  const sorted = rows.map(({ familiarity }) => familiarity).sort((a, b) => a - b);
  const lines = Array.from({ length: points + 1 }, (_, point) => sorted[Math.floor((point * sorted.length) / points)]);
  return [at(line), ...lines.map((least) => at(least ?? Infinity))];
}

/** The lowest confidence from which on the wanted share of first suggestions is right. */
function confidenceFor(rows: readonly HeldOutRow[], precision: number): number {
  const sorted = rows.toSorted((a, b) => b.confidence - a.confidence);
  let right = 0;
  let line = Infinity;
  sorted.forEach((row, index) => {
    if (row.right) right += 1;
    const isLastOfItsKind = sorted[index + 1]?.confidence !== row.confidence;
    if (isLastOfItsKind && right / (index + 1) >= precision) line = row.confidence;
  });
  if (line === Infinity) return sorted[0]?.confidence ?? 0;
  // All may be shown: then nothing that comes later is held back for being a little less sure either.
  return line === sorted.at(-1)?.confidence ? 0 : line;
}

/** Split conformal prediction (Vovk et al. 2005; Sadinle, Lei & Wasserman 2019, least ambiguous sets). */
function setLine(rows: readonly HeldOutRow[], coverage: number): number {
  const sorted = rows.flatMap(({ rightProbability }) => rightProbability ?? []).sort((a, b) => a - b);
  const place = Math.floor((1 - coverage) * (sorted.length + 1)) - 1;
  return place < 0 ? 0 : (sorted[place] ?? 0);
}
