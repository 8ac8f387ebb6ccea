/** Label statistics of a history: class imbalance, and agreement on repeated texts. */
import { percentOf, toPercent } from '../../statistics/percent.js';

export interface ClassTail {
  templates: number;
  /** The most frequent templates that together make 80 % of the labels */
  for80Percent: number;
  /** Templates with fewer than ten labels, and the share of the labels that are theirs (%) */
  fewerThan10: number;
  labelsOfThose: number;
  /** Labels of each template, the most frequent first */
  counts: { templateId: string; labels: number }[];
}

export interface LabelNoise {
  /** Near-duplicates of earlier rows: equal but for case, digits, punctuation and word order */
  nearDuplicates: number;
  /** Texts that occur more than once, and how many of them have more than one template */
  repeatedTexts: number;
  answeredDifferently: number;
  /** Rows of repeated texts */
  repeatedRows: number;
  /** Accuracy of the most frequent template of each text, an upper bound for any ranker on these rows (%) */
  ceiling: number;
  /** The same if unique texts are as ambiguous as repeated ones (%); null with too few repeated texts */
  expectedCeiling: number | null;
}

/** Minimum of repeated rows for an estimate */
const minRepeated = 100;
const few = 10;

/**
 * @param classes template ids
 * @param labels class of each row, -1 where no template fits
 */
export function classTail(classes: readonly string[], labels: Int32Array): ClassTail {
  const counts = classes.map((templateId) => ({ templateId, labels: 0 }));
  let all = 0;
  for (const label of labels) {
    const count = counts[label];
    if (!count) continue;
    count.labels += 1;
    all += 1;
  }
  counts.sort((a, b) => b.labels - a.labels);
  let [sum, for80Percent] = [0, 0];
  while (sum < 0.8 * all) sum += counts[for80Percent++]?.labels ?? all;
  const rare = counts.filter(({ labels: count }) => count < few);
  const labelsOfThose = percentOf(
    rare.reduce((total, { labels: count }) => total + count, 0),
    all,
  );
  return { templates: classes.length, for80Percent, fewerThan10: rare.length, labelsOfThose, counts };
}

/**
 * The Bayes error that repeated texts show, as a nearest-neighbour estimate at distance zero (Cover & Hart 1967). Two
 * answers to the same text agree with probability Σ p²; where one template is right with probability p and the others share
 * the rest thinly, p ≈ √(Σ p²).
 *
 * @param labels class of each row, -1 where no template fits: an answer like any other here
 * @param groups equal for near-duplicates
 */
export function estimateLabelNoise(labels: Int32Array, groups: Uint32Array): LabelNoise {
  const answers = new Map<number, Map<number, number>>();
  groups.forEach((group, row) => {
    const counts = answers.get(group) ?? new Map<number, number>();
    answers.set(group, counts);
    const label = labels[row] ?? -1;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  });
  let [right, repeatedTexts, answeredDifferently, repeatedRows, agreeing] = [0, 0, 0, 0, 0];
  for (const counts of answers.values()) {
    const each = [...counts.values()];
    const rows = each.reduce((sum, count) => sum + count, 0);
    right += Math.max(...each);
    if (rows < 2) continue;
    repeatedTexts += 1;
    repeatedRows += rows;
    if (each.length > 1) answeredDifferently += 1;
    // Each row of a text weighs the same, however many pairs it is part of.
    agreeing += each.reduce((sum, count) => sum + count * (count - 1), 0) / (rows - 1);
  }
  return {
    nearDuplicates: labels.length - answers.size,
    repeatedTexts,
    answeredDifferently,
    repeatedRows,
    ceiling: percentOf(right, labels.length),
    expectedCeiling: repeatedRows < minRepeated ? null : toPercent(Math.sqrt(agreeing / repeatedRows)),
  };
}
