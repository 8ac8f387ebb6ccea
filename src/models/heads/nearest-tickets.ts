/**
 * Nearest-neighbour classifier: the cosine of a ticket to the most similar labelled ticket of each class. Beside the linear
 * heads it finds small groups within a class, and works from the first labels on.
 */
import { seeded, shuffle } from '../../statistics/random.js';
import type { Tensor2D, Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { perClassLimit } from '../dataset/row-sample.js';

/**
 * Above this the bank is a sample, in which frequent templates lose tickets first: ranking one ticket reads the whole bank, which
 * is 25 MB at 384 numbers each.
 */
const maxTickets = 16_000;

/** Embeddings of labelled tickets, sorted by class. */
export interface TicketBank {
  /** [tickets, size] */
  embeddings: Float32Array;
  size: number;
  /** Tickets of each class */
  counts: Int32Array;
  /** `idHash` of each ticket; null for a row without an id */
  ids: (string | null)[];
}

/** @param rows rows to take tickets from; all of them have a class */
export function buildTicketBank(
  data: Pick<TrainingData, 'dense' | 'embeddingSize' | 'labels' | 'classes' | 'idHashes'>,
  rows: Int32Array,
  seed: number,
): TicketBank {
  const { dense, embeddingSize: size, labels, classes } = data;
  const ofClass = classes.map((): number[] => []);
  for (const row of rows) ofClass[labels[row] ?? -1]?.push(row);
  const most = perClassLimit(
    ofClass.map(({ length }) => length),
    maxTickets,
  );
  const random = seeded(seed);
  const chosen = ofClass.map((all) => {
    const order = Int32Array.from(all);
    if (order.length > most) shuffle(order, order.length, random);
    return order.subarray(0, most);
  });
  const counts = Int32Array.from(chosen, ({ length }) => length);
  const all = chosen.flatMap((some) => [...some]);
  const embeddings = new Float32Array(all.length * size);
  all.forEach((row, place) => {
    embeddings.set(dense.values.subarray(row * dense.width, row * dense.width + size), place * size);
  });
  return { embeddings, size, counts, ids: all.map((row) => data.idHashes[row] ?? null) };
}

export class NearestTickets {
  private readonly transposed: Tensor2D;
  private readonly counts: Int32Array;

  constructor(
    private readonly tf: Tensorflow,
    { embeddings, size, counts }: TicketBank,
  ) {
    this.counts = counts;
    this.transposed = tf.tidy(() => tf.transpose(tf.tensor2d(embeddings, [embeddings.length / size, size])));
  }

  /**
   * @param embeddings [count, size]
   * @returns the largest cosine to a ticket of each class, [count, classes]; 0 for a class that has none
   */
  scores(embeddings: Float32Array, count: number): Float32Array {
    const { tf, counts } = this;
    const product = tf.tidy(() =>
      tf.matMul(tf.tensor2d(embeddings, [count, embeddings.length / count]), this.transposed),
    );
    const cosines = product.dataSync<'float32'>();
    product.dispose();
    const scores = new Float32Array(count * counts.length);
    let at = 0;
    for (let place = 0; place < scores.length; place += 1) {
      const end = at + counts[place % counts.length]!;
      let highest = at < end ? -1 : 0;
      for (; at < end; at += 1) if (cosines[at]! > highest) highest = cosines[at]!;
      scores[place] = highest;
    }
    return scores;
  }

  dispose(): void {
    this.transposed.dispose();
  }
}
