/** The contract of the heads: what a training makes, a model folder holds, and a ranker scores with. */
import type { LinearHead } from './linear-svm.js';
import type { TicketBank } from './nearest-tickets.js';

export interface DenseHeads {
  dense: LinearHead;
  nearest: TicketBank;
  discriminant: LinearHead;
}

export interface Heads extends DenseHeads {
  sparse: LinearHead;
  /** Heads on the base encoder, whose embeddings are not overfitted; null where the encoder was not trained */
  base: DenseHeads | null;
}
