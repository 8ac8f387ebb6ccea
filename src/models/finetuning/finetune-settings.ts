/** Hyperparameters of the recipe `finetune`. */
export interface FinetuneSettings {
  /** Maximum epochs */
  epochs: number;
  /** With few tickets there are more epochs, until there are this many steps */
  minSteps: number;
  /** Peak learning rate of the last layer, reached after the share `warmUp` of all steps, then linear to 0 */
  rate: number;
  warmUp: number;
  layerDecay: number;
  headRate: number;
  weightDecay: number;
  maxGradientNorm: number;
  dropout: number;
  /** Weight of the contrastive loss, and the temperature of its similarities */
  contrast: number;
  temperature: number;
  smoothing: number;
  /** Tickets to hold out over all folds for calibration; all where there are fewer */
  heldOut: number;
  /** Tickets per step, and tickets of one class that are drawn together */
  batch: number;
  group: number;
}

/** Chosen on held-out training tickets, see docs/lab-book.md. */
export const defaultFinetune: FinetuneSettings = {
  epochs: 5,
  minSteps: 200,
  rate: 2e-4,
  warmUp: 0.1,
  layerDecay: 0.9,
  headRate: 5,
  weightDecay: 0.01,
  maxGradientNorm: 1,
  dropout: 0.1,
  contrast: 0.5,
  temperature: 0.1,
  smoothing: 0,
  heldOut: 1_000,
  batch: 64,
  group: 2,
};

/** A larger batch takes a GPU as long as a small one; the learning rate grows with the square root of the batch size. */
export function scaleToDevice(device: 'cpu' | 'gpu', settings: FinetuneSettings): FinetuneSettings {
  if (device === 'cpu') return settings;
  return { ...settings, batch: settings.batch * gpuBatchFactor, rate: settings.rate * Math.sqrt(gpuBatchFactor) };
}

const gpuBatchFactor = 4;
