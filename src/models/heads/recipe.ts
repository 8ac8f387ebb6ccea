/** The settings of the recipe `frozen` that a training does not find by itself; `replyrank sweep` searches better ones. */
export interface Recipe {
  /** Cost of an error of the encoder's head against a small norm of its weights */
  denseCost: number;
  /** Most steps of the encoder's head */
  denseSteps: number;
  /** Cost of an error of the n-grams' head */
  sparseCost: number;
  /** Most n-grams that are looked at; null: as many as leave the weights a bearable size */
  mostNgrams: number | null;
}

export const defaultRecipe: Recipe = { denseCost: 10, denseSteps: 60, sparseCost: 0.5, mostNgrams: null };
