/** Labelled tickets as numbers. The file is read as a stream, more than once; its texts are never in memory together. */
import { type Columns } from './data-row.js';
import type { Candidate } from '../ranker.js';
import { type SparseMatrix } from '../features/sparse-matrix.js';
import { TicketFeatures } from '../features/ticket-features.js';

export interface DataSettings {
  file: string;
  columns: Columns;
  /** Null where nothing but labels is known of the templates. */
  templates: Candidate[] | null;
  knownContactType: boolean;
  seed: number;
  cacheDir: string;
  /** Most n-grams that are looked at; by itself as many as leave the weights a bearable size. */
  maxNgrams?: number | null | undefined;
}

export interface TrainingData {
  features: TicketFeatures;
  /** Template ids, in alphabetical order */
  classes: string[];
  /** Class of each row; -1 where no template fits. */
  labels: Int32Array;
  contactTypes: string[];
  /** Contact type of each row; -1 where it has none. */
  contactTypeLabels: Int32Array;
  /** [rows, width]; the embedding is the beginning of each row. `templates`: the same of each class's template. */
  dense: { values: Float32Array; width: number; templates: Float32Array };
  /** Numbers in an embedding */
  embeddingSize: number;
  sparse: SparseMatrix;
  /** A number per row, the same for rows that say the same: they must not stand on both sides of a split. */
  dedupGroups: Uint32Array;
  /** Per row the hash of its id, where it has one: tells later what a model has learned from. */
  idHashes: (string | null)[];
  /** SHA-256 of what was read */
  hash: string;
  from: Date | null;
  until: Date | null;
}
