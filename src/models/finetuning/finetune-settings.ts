/** How an encoder is trained. Figures of the recipe `finetune`. */
export interface FinetuneSettings {
  /** Times that each ticket is seen, at most */
  epochs: number;
  /** With fewer tickets each is seen more often, until there have been so many steps */
  minSteps: number;
  /** Highest learning rate, of the last layer; reached after `warmUp` of all steps, then it falls to 0 */
  rate: number;
  warmUp: number;
  layerDecay: number;
  headRate: number;
  weightDecay: number;
  maxGradientNorm: number;
  dropout: number;
  /** Weight of the contrastive loss, and the temperature of its likeness */
  contrast: number;
  temperature: number;
  smoothing: number;
  /** So many tickets are held out, some at a time, to fit on what has learned from all others; or all there are */
  heldOut: number;
  /** Tickets of one step, and how many of a class come together */
  batch: number;
  group: number;
}

/** Chosen on tickets of the training data that were held out: see docs/lab-book.md. */
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

/** A GPU has room for larger steps, each of which takes as long as a small one; the rate grows with their square root. */
export function scaleToDevice(device: 'cpu' | 'gpu', settings: FinetuneSettings): FinetuneSettings {
  if (device === 'cpu') return settings;
  return { ...settings, batch: settings.batch * gpuBatchFactor, rate: settings.rate * Math.sqrt(gpuBatchFactor) };
}

const gpuBatchFactor = 4;
