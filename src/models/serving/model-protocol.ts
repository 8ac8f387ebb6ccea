import type { Candidate, RankInput, Ranking } from '../ranker.js';

/** What the model process needs to know before it starts. */
export interface ModelWorkerSettings {
  /** Folder of the encoder: config.json, model.safetensors, tokenizer.json. */
  encoderDir: string;
  /** Folder for what is derived from the encoder's weights, and for cached embeddings. */
  cacheDir: string;
  /** `gpu` is an error where there is none; nothing falls back in silence. */
  device: 'cpu' | 'gpu';
}

/** What the model process says of itself once TensorFlow is loaded. */
export interface ModelWorkerInfo {
  device: 'cpu' | 'gpu';
  tensorflow: string;
  /** SHA-256 of the encoder's weights. */
  encoderHash: string;
}

/** Where the model process stands, as the service sees it. */
export interface ModelStatus {
  state: 'starting' | 'running' | 'restarting' | 'stopped';
  device: 'cpu' | 'gpu' | null;
  encoderHash: string | null;
  version: string | null;
  pid: number | null;
  queue: number;
  restarts: number;
}

/** One request to the model process; each is answered by one reply with the same `id`, in order. */
export type ModelRequest =
  | { id: number; kind: 'start'; settings: ModelWorkerSettings }
  /** `folder` null: the ranking by the templates' own text. */
  | { id: number; kind: 'load'; version: string; folder: string | null }
  | { id: number; kind: 'unload'; version: string }
  /** Null: each version's own templates. */
  | { id: number; kind: 'candidates'; candidates: Candidate[] | null }
  | { id: number; kind: 'rank'; version: string; inputs: RankInput[] }
  | { id: number; kind: 'embed'; texts: string[] };

export type ModelAnswer =
  | { info: ModelWorkerInfo }
  /** Of a version that has been loaded: whose embeddings come with its rankings */
  | { encoderHash: string }
  | { rankings: Ranking[] }
  | { embeddings: Float32Array[] }
  | object;

export type ModelReply = { id: number; answer: ModelAnswer } | { id: number; error: string };
