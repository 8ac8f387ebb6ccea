/** Why a model is not right more often, and what to try next for it. */

export interface Diagnosis {
  /** Percent: top-1 on tickets that the heads have learned from, on tickets held out, and as far as the labels can be trusted */
  training: number;
  heldOut: number;
  ceiling: number;
  /** Points that are missing to 100 %; the three are the whole of what the model gets wrong on tickets held out. */
  parts: { name: 'bias' | 'variance' | 'label noise'; points: number; next: string }[];
}

const advice = {
  bias: 'The heads can not even learn what they have seen: give them more to look at (--fields, --templates, an encoder for your language), or split templates that mean two things.',
  variance:
    'What was learned does not carry over to new tickets: more labels help, first of all for the templates in the tail; merge templates that are often confused with one another.',
  'label noise':
    'Tickets of one kind were answered with different templates: look through the tickets that the model is most wrongly sure of, correct their labels, and merge templates that agents use as one.',
} as const;

const points = (value: number): number => Math.round(100 * Math.max(0, value)) / 100;

/** @param ceiling top-1 of a model that is right wherever the label seems to be */
export function diagnose({
  training,
  heldOut,
  ceiling,
}: Pick<Diagnosis, 'training' | 'heldOut' | 'ceiling'>): Diagnosis {
  // Above the ceiling the heads have learned wrong labels by heart: no bias, and no merit.
  const learnable = Math.max(heldOut, Math.min(training, ceiling));
  const parts = [
    { name: 'bias', points: points(ceiling - learnable), next: advice.bias },
    { name: 'variance', points: points(learnable - heldOut), next: advice.variance },
    { name: 'label noise', points: points(100 - ceiling), next: advice['label noise'] },
  ] as const;
  return { training, heldOut, ceiling, parts: parts.toSorted((a, b) => b.points - a.points) };
}
