/** Composes batches of tickets, and lays them out for the graph. */
import { shuffle } from '../../statistics/random.js';

/** A batch's tokens, without padding but for attention. See `stepInputs`. */
export interface TokenBatch {
  texts: number;
  time: number;
  ids: Int32Array;
  positions: Int32Array;
  padded: Int32Array;
  places: Int32Array;
  mask: Float32Array;
}

/**
 * All rows in batches, each once. Rows of a class come in small groups, so that each ticket has positives for the contrastive
 * loss; groups are combined at random.
 *
 * @param sizes approximate rows of a batch; rows of a group
 */
export function mixedBatches(
  labels: Int32Array,
  rows: Int32Array,
  { batch: size, group }: { batch: number; group: number },
  random: () => number,
): Int32Array[] {
  const order = rows.slice();
  shuffle(order, order.length, random);
  const waiting = new Map<number, number[]>();
  const groups: number[][] = [];
  for (const row of order) {
    const label = labels[row] ?? -1;
    const some = waiting.get(label) ?? [];
    some.push(row);
    waiting.set(label, some);
    if (some.length < group) continue;
    groups.push(some);
    waiting.delete(label);
  }
  groups.push(...waiting.values());
  const sequence = Int32Array.from(groups.keys());
  shuffle(sequence, sequence.length, random);
  const mixed = Int32Array.from([...sequence].flatMap((index) => groups[index] ?? []));
  const count = Math.max(1, Math.round(mixed.length / size));
  // Nearly equal sizes: a last batch of two tickets would have the weight of a full one.
  return Array.from({ length: count }, (_, index) =>
    mixed.subarray(Math.floor((index * mixed.length) / count), Math.floor(((index + 1) * mixed.length) / count)),
  );
}

/** @param windows token ids of each text, one or more */
export function tokenBatch(windows: readonly Int32Array[]): TokenBatch {
  const time = windows.reduce((longest, { length }) => Math.max(longest, length), 0);
  const count = windows.reduce((sum, { length }) => sum + length, 0);
  const batch: TokenBatch = {
    texts: windows.length,
    time,
    ids: new Int32Array(count),
    positions: new Int32Array(count),
    padded: new Int32Array(windows.length * time).fill(count),
    places: new Int32Array(count),
    mask: new Float32Array(windows.length * time),
  };
  let token = 0;
  windows.forEach((window, text) => {
    window.forEach((id, position) => {
      const place = text * time + position;
      batch.ids[token] = id;
      batch.positions[token] = position;
      batch.padded[place] = token;
      batch.places[token] = place;
      batch.mask[place] = 1;
      token += 1;
    });
  });
  return batch;
}

/** The targets of the losses. See `trainInputs`. */
export interface BatchTargets {
  targets: Float32Array;
  weights: Float32Array;
  positives: Float32Array;
  anchors: Float32Array;
  apart: Float32Array;
}

/**
 * @param labels class of each text
 * @param contrast weight of the contrastive loss against that of the cross-entropy
 * @param smoothing label smoothing: share of the probability that is spread over all classes
 */
export function batchTargets(
  labels: readonly number[],
  classes: number,
  { contrast, smoothing }: { contrast: number; smoothing: number },
): BatchTargets {
  const count = labels.length;
  const others = labels.map((label, text) => labels.filter((other, at) => other === label && at !== text).length);
  const anchored = others.filter((other) => other > 0).length;
  const targets = new Float32Array(count * classes).fill(smoothing / classes);
  const positives = new Float32Array(count * count);
  const apart = new Float32Array(count * count);
  labels.forEach((label, text) => {
    targets[text * classes + label] = 1 - smoothing + smoothing / classes;
    apart[text * count + text] = -1e9;
    labels.forEach((other, at) => {
      if (other === label && at !== text) positives[text * count + at] = 1 / (others[text] ?? 1);
    });
  });
  return {
    targets,
    weights: new Float32Array(count).fill(1 / count),
    positives,
    anchors: Float32Array.from(others, (other) => (other > 0 ? contrast / anchored : 0)),
    apart,
  };
}
