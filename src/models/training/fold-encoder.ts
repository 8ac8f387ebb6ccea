/** Where the recipes differ: how tickets are encoded for each fold. */
import type { Encoder } from '../encoder/encoder.js';
import type { PreflightCheck, PreflightResult } from './preflight.js';
import type { TrainingData } from '../dataset/training-data.js';

/** Rows to train on, and rows to measure on. */
export interface TrainingFold {
  name: string;
  rows: Int32Array;
  heldOut: Int32Array;
  seed: number;
}

/** All tickets, encoded by the encoder of the model. */
export interface EncodedTickets {
  data: TrainingData;
  /** Open until the fold encoder is disposed */
  encoder: Encoder;
  /** Folder of the encoder where it is the model's own; null for the pretrained one */
  folder: string | null;
}

export interface FoldEncoder {
  /** Number of parts, and how many of them are held out in turn; null: as many as time allows */
  readonly foldPlan: { parts: number; rounds: number } | null;
  /** @returns all tickets, the held-out ones too, encoded by an encoder that has not seen the held-out ones */
  encodeFold(fold: TrainingFold): Promise<TrainingData>;
  encodeAll(rows: Int32Array, seed: number): Promise<EncodedTickets>;
  /** @throws PreflightFailed */
  runChecks(seed: number, skip: readonly PreflightCheck[]): Promise<PreflightResult[]>;
  dispose(): Promise<void>;
}

/** Recipe `frozen`: the encoder is never trained, so tickets are encoded once. */
export function frozenFoldEncoder(data: TrainingData, encoder: Encoder): FoldEncoder {
  return {
    foldPlan: null,
    encodeFold: () => Promise.resolve(data),
    encodeAll: () => Promise.resolve({ data, encoder, folder: null }),
    runChecks: () => Promise.resolve([]),
    dispose: () => Promise.resolve(),
  };
}
