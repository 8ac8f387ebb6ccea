/** Labelled tickets as numbers. The file is streamed, more than once; its texts are never all in memory. */
import { type Columns } from './data-row.js';
import type { Candidate } from '../ranker.js';
import { type SparseMatrix } from '../features/sparse-matrix.js';
import { TicketFeatures } from '../features/ticket-features.js';

export interface DataSettings {
  file: string;
  columns: Columns;
  /** Null where only their labels are known */
  templates: Candidate[] | null;
  knownContactType: boolean;
  seed: number;
  cacheDir: string;
  /** Maximum size of the n-gram vocabulary; default: as many as the memory limit of the weights allows */
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
  /** [rows, width]; each row starts with the embedding. `templates`: the same for each class's template, [classes, width] */
  dense: { values: Float32Array; width: number; templates: Float32Array };
  /** Numbers in an embedding */
  embeddingSize: number;
  sparse: SparseMatrix;
  /** Equal for near-duplicates, which must not be on both sides of a split */
  dedupGroups: Uint32Array;
  /** Hash of each row's id; null without one. Kept with the model as the list of its training tickets. */
  idHashes: (string | null)[];
  /** SHA-256 of what was read */
  hash: string;
  from: Date | null;
  until: Date | null;
}
