/** What the recipes differ in: how tickets look to an encoder once some of them have been learned from. */
import type { Encoder } from '../encoder/encoder.js';
import type { PreflightCheck, PreflightResult } from './preflight.js';
import type { TrainingData } from '../dataset/training-data.js';

/** Which rows may be learned from, and which tell how well that went. */
export interface Lesson {
  name: string;
  rows: Int32Array;
  heldOut: Int32Array;
  seed: number;
}

export interface Learner {
  /** Into how many parts the rows are cut, and how many of these are held out in turn; null: as many as time allows */
  readonly folds: { parts: number; rounds: number } | null;
  /** How tickets look after a lesson, the ones held out too. */
  learn(lesson: Lesson): Promise<TrainingData>;
  /** How they look to the model's encoder. @returns that, open until `dispose`, and its folder where it is the model's own */
  finish(rows: Int32Array, seed: number): Promise<{ data: TrainingData; encoder: Encoder; folder: string | null }>;
  /** @throws PreflightFailed */
  checks(seed: number, skip: readonly PreflightCheck[]): Promise<PreflightResult[]>;
  dispose(): Promise<void>;
}

/** The recipe `frozen`: tickets look the same at any time. */
export function frozenLearner(data: TrainingData, encoder: Encoder): Learner {
  return {
    folds: null,
    learn: () => Promise.resolve(data),
    finish: () => Promise.resolve({ data, encoder, folder: null }),
    checks: () => Promise.resolve([]),
    dispose: () => Promise.resolve(),
  };
}
