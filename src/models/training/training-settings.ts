import type { Columns } from '../dataset/data-row.js';
import type { FinetuneSettings } from '../finetuning/finetune-settings.js';
import type { Recipe } from '../heads/recipe.js';
import type { PreflightCheck } from './preflight.js';

export interface TrainingSettings {
  /** Labelled tickets */
  data: string;
  columns: Columns;
  /** Other labelled tickets that thresholds are drawn on; held-out ones of `data` where it is not given. */
  validation?: string | null | undefined;
  /** File of templates; null where nothing but the labels is known of them. */
  templates: string | null;
  /** Folder of the new version; must not exist. */
  out: string;
  seed: number;
  /** Share of right ones wanted among the first suggestions that are shown, 0–1 */
  precision: number;
  /** Share of tickets whose right template the variable-length list must hold, 0–1 */
  coverage: number;
  knownContactType: boolean;
  /** Embeddings are kept here by text and encoder. */
  cacheDir: string;
  /** Checks that are left out; none where it is not given. */
  skipPreflight?: readonly PreflightCheck[] | undefined;
  /** Settings of the heads; default: `defaultRecipe` */
  recipe?: Recipe | undefined;
  /** How the encoder is trained too, the recipe `finetune`; it stays as it is where this is not given. */
  encoderTraining?: FinetuneSettings | undefined;
}
