import type { Candidate, RankInput, Ranking } from '../ranker.js';

/** Settings of the model process. */
export interface ModelWorkerSettings {
  /** Folder of the encoder: config.json, model.safetensors, tokenizer.json. */
  encoderDir: string;
  /** Folder of the derived graph and of cached embeddings. */
  cacheDir: string;
  /** `gpu` fails where there is none; there is no silent fallback. */
  device: 'cpu' | 'gpu';
}

/** Reported by the model process once TensorFlow is loaded. */
export interface ModelWorkerInfo {
  device: 'cpu' | 'gpu';
  tensorflow: string;
  /** SHA-256 of the encoder's weights. */
  encoderHash: string;
}

/** Status of the model process, as seen by the service. */
export interface ModelStatus {
  state: 'starting' | 'running' | 'restarting' | 'stopped';
  device: 'cpu' | 'gpu' | null;
  encoderHash: string | null;
  version: string | null;
  pid: number | null;
  queue: number;
  restarts: number;
}

/** A request to the model process. Each gets one reply with the same `id`, in order. */
export type ModelRequest =
  | { id: number; kind: 'start'; settings: ModelWorkerSettings }
  /** `folder` null: ranking by the templates' own text. */
  | { id: number; kind: 'load'; version: string; folder: string | null }
  | { id: number; kind: 'unload'; version: string }
  /** Null: each version's own templates. */
  | { id: number; kind: 'candidates'; candidates: Candidate[] | null }
  | { id: number; kind: 'rank'; version: string; inputs: RankInput[] }
  | { id: number; kind: 'embed'; texts: string[] };

export type ModelAnswer =
  | { info: ModelWorkerInfo }
  /** The encoder of the loaded version, which computes the embeddings in its rankings */
  | { encoderHash: string }
  | { rankings: Ranking[] }
  | { embeddings: Float32Array[] }
  | object;

export type ModelReply = { id: number; answer: ModelAnswer } | { id: number; error: string };
