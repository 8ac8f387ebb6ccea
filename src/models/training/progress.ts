/** The loss curve of one training. */
export interface Curve {
  /** `fold 1` … and `all tickets`; with recipe `finetune` also `encoder, fold 1` … */
  training: string;
  /** Heads: before the first step and after each step. Encoder: of each step's batch, before the step */
  loss: number[];
  /** Encoder: top-1 on held-out tickets after each epoch, percent */
  heldOutTop1?: number[];
}

/**
 * Progress of a job: the phase, and the share of it that is done, 0–1, or null if unknown. A training also passes its loss curves
 * so far.
 */
export type JobProgress = (phase: string, done: number | null, note?: string, curves?: Curve[]) => void | Promise<void>;
