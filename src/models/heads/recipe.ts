/** Hyperparameters of the heads; `replyrank sweep` searches better ones. */
export interface Recipe {
  /** C of the linear head on embeddings: cost of an error against the norm of the weights */
  denseCost: number;
  /** Maximum L-BFGS steps of the linear head on embeddings */
  denseSteps: number;
  /** C of the SVMs on n-grams */
  sparseCost: number;
  /** Maximum size of the n-gram vocabulary; null: as many as the memory limit of the weights allows */
  maxNgrams: number | null;
}

export const defaultRecipe: Recipe = { denseCost: 10, denseSteps: 60, sparseCost: 0.5, maxNgrams: null };
