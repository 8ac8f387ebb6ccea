import { golden } from './golden.js';

/** Fisher's iris in a fixed random order, and what scikit-learn makes of it. */
export const iris = golden('iris') as {
  rows: number[][];
  labels: number[];
  sampleWeights: number[];
  standardised: { means: number[]; scales: number[] };
  principalComponents: number[][];
  logistic: { ridge: number; weighted: boolean; weights: number[]; probabilities: number[] }[];
  logisticWithoutRidge: number[];
  /** Weights [width, classes] */
  softmax: { cost: number; weights: number[][]; bias: number[]; objective: number; probabilities: number[][] };
  linearSvm: { cost: number; weights: number[][]; bias: number[] };
  discriminant: { weights: number[][]; bias: number[] };
  /** Largest cosine of rows 100 … 105 to rows 0 … 99 of each class */
  nearest: number[][];
};

const { means, scales } = iris.standardised;

export const standardised = iris.rows.map((row) =>
  row.map((value, at) => (value - (means[at] ?? 0)) / (scales[at] ?? 1)),
);
