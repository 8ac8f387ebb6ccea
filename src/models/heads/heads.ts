import type { LinearHead } from './linear-svm.js';
import type { TicketBank } from './nearest-tickets.js';

export interface DenseHeads {
  dense: LinearHead;
  nearest: TicketBank;
  discriminant: LinearHead;
}

export interface Heads extends DenseHeads {
  sparse: LinearHead;
  /** On the numbers of the encoder that a training began with, where it trained that too: those it knows nothing by heart of */
  usual: DenseHeads | null;
}
