/** Which rows are held out together. */
import type { TrainingData } from './training-data.js';

/**
 * The fold of each row, 0 to `parts` − 1: rows that say the same share one (`data.groups`), and the rows of each class are
 * dealt out from the first fold on, so that a fold takes as many from one class as from another. If chance decided, a class
 * of few labels would be rarer than the others wherever its own tickets are held out, and what is fitted on their scores
 * would learn to prefer rare classes. With fewer labels everywhere than folds, the last folds are empty.
 */
export function assignFolds({ dedupGroups, labels }: Pick<TrainingData, 'dedupGroups' | 'labels'>, parts: number): Int32Array {
  const labelOf = new Map<number, number>();
  dedupGroups.forEach((group, row) => {
    if (!labelOf.has(group)) labelOf.set(group, labels[row] ?? -1);
  });
  const sizes = new Map<number, number>();
  for (const label of labelOf.values()) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const dealt = new Map<number, number>();
  const foldOf = new Map<number, number>();
  // A group is a hash: their order is chance, and the same each time.
  for (const [group, label] of [...labelOf].sort(([a], [b]) => a - b)) {
    const place = dealt.get(label) ?? 0;
    dealt.set(label, place + 1);
    // Without its only ticket a class is unknown in whichever fold: spread, not all of them at once.
    foldOf.set(group, (sizes.get(label) === 1 ? label + 1 : place) % parts);
  }
  return Int32Array.from(dedupGroups, (group) => foldOf.get(group) ?? 0);
}
