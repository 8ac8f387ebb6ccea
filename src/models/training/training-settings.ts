import type { Columns } from '../dataset/data-row.js';
import type { FinetuneSettings } from '../finetuning/finetune-settings.js';
import type { Recipe } from '../heads/recipe.js';
import type { PreflightCheck } from './preflight.js';

export interface TrainingSettings {
  /** Labelled tickets */
  data: string;
  columns: Columns;
  /** Labelled tickets to fit thresholds on; default: out-of-fold tickets of `data` */
  validation?: string | null | undefined;
  /** File of templates; null where only their labels are known */
  templates: string | null;
  /** Folder of the new version; must not exist. */
  out: string;
  seed: number;
  /** Target share of correct first suggestions among those shown, 0–1 */
  precision: number;
  /** Target coverage of the conformal set, 0–1 */
  coverage: number;
  knownContactType: boolean;
  /** Folder of cached embeddings */
  cacheDir: string;
  /** Checks to skip; default: none */
  skipPreflight?: readonly PreflightCheck[] | undefined;
  /** Hyperparameters of the heads; default: `defaultRecipe` */
  recipe?: Recipe | undefined;
  /** Settings of the recipe `finetune`; without them the encoder is not trained */
  encoderTraining?: FinetuneSettings | undefined;
}
