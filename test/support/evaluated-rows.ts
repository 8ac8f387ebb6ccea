import { golden } from './golden.js';

/** 150 rows of made-up scores, and what scikit-learn and SciPy say of them. Matrices are [rows][classes]. */
export const evaluated = golden('evaluation') as {
  classes: number;
  labels: number[];
  logits: number[][];
  /** Scores that tell less, and scores that tell the wrong way */
  other: number[][];
  against: number[][];
  cosines: number[][];
  metrics: { top1: number; hits3: number; hits5: number; mrr: number; macroF1: number; ece: number };
  calibrationErrorOf101: number;
  weights: { one: number[]; two: number[]; three: number[] };
  unseen: { scale: number; offset: number; loss: number };
  scope: { scores: number[]; known: number[]; threshold: number };
  conformal: { probabilities: number[]; threshold: Record<string, number> };
};
