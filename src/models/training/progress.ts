/** The loss of one fit. */

export interface Curve {
  /** `fold 1` … and `all tickets`; `encoder, fold 1` … where the encoder was trained too */
  training: string;
  /** Of the dense head: before the first step, and after each; of the encoder: of each step's tickets, before it */
  loss: number[];
  /** Of the encoder: top-1 in percent on tickets held out, after each epoch */
  heldOutTop1?: number[];
}

/**
 * Where a job stands: what it does, and how much of that is done, 0–1; null where that is not known. A training also tells
 * its curves so far.
 */
export type JobProgress = (phase: string, done: number | null, note?: string, curves?: Curve[]) => void | Promise<void>;
