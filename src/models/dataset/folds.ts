/** Assigns rows to folds. */
import type { TrainingData } from './training-data.js';

/**
 * Assigns each row to a fold, 0 to `parts` − 1. Near-duplicates share a fold (`data.dedupGroups`), and folds are stratified: the
 * groups of each class are dealt out from the first fold on. With random folds a class of few labels would be rarer wherever its own
 * tickets are held out, and what is fitted on their scores would prefer rare classes. Where every class has fewer groups than there
 * are folds, the last folds are empty.
 */
export function assignFolds(
  { dedupGroups, labels }: Pick<TrainingData, 'dedupGroups' | 'labels'>,
  parts: number,
): Int32Array {
  const labelOf = new Map<number, number>();
  dedupGroups.forEach((group, row) => {
    if (!labelOf.has(group)) labelOf.set(group, labels[row] ?? -1);
  });
  const sizes = new Map<number, number>();
  for (const label of labelOf.values()) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const dealt = new Map<number, number>();
  const foldOf = new Map<number, number>();
  // Groups are hashes: sorting them gives a random, reproducible order.
  for (const [group, label] of [...labelOf].sort(([a], [b]) => a - b)) {
    const place = dealt.get(label) ?? 0;
    dealt.set(label, place + 1);
    // A class with one group is unknown in its own fold: such classes are spread over the folds.
    foldOf.set(group, (sizes.get(label) === 1 ? label + 1 : place) % parts);
  }
  return Int32Array.from(dedupGroups, (group) => foldOf.get(group) ?? 0);
}
