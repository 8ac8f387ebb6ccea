/** Splits a model's error into bias, variance and label noise, with advice for each. */

export interface Diagnosis {
  /** Top-1 on training tickets, on held-out tickets, and the ceiling that label noise sets, percent */
  training: number;
  heldOut: number;
  ceiling: number;
  /** Percentage points missing to 100 %; together the whole held-out error */
  parts: { name: 'bias' | 'variance' | 'label noise'; points: number; next: string }[];
}

const advice = {
  bias: 'The model underfits: add inputs (--fields, --templates, an encoder for your language), or split templates that cover two topics.',
  variance: 'The model overfits: add labels, first for rare templates, and merge templates that are often confused.',
  'label noise':
    'Similar tickets have different labels: review the suspected label errors, correct them, and merge templates that agents use interchangeably.',
} as const;

const points = (value: number): number => Math.round(100 * Math.max(0, value)) / 100;

/** @param ceiling top-1 of a model that is correct wherever the label is plausible */
export function diagnose({
  training,
  heldOut,
  ceiling,
}: Pick<Diagnosis, 'training' | 'heldOut' | 'ceiling'>): Diagnosis {
  // Above the ceiling the heads have memorised wrong labels.
  const learnable = Math.max(heldOut, Math.min(training, ceiling));
  const parts = [
    { name: 'bias', points: points(ceiling - learnable), next: advice.bias },
    { name: 'variance', points: points(learnable - heldOut), next: advice.variance },
    { name: 'label noise', points: points(100 - ceiling), next: advice['label noise'] },
  ] as const;
  return { training, heldOut, ceiling, parts: parts.toSorted((a, b) => b.points - a.points) };
}
