/** The model process: handles requests one after another until its parent disconnects. */
import { constants, setPriority } from 'node:os';
import { Encoder } from '../encoder/encoder.js';
import type { ModelAnswer, ModelReply, ModelRequest, ModelWorkerInfo, ModelWorkerSettings } from './model-protocol.js';
import type { Candidate, Ranker } from '../ranker.js';
import { loadTensorflow, type Tensorflow } from '../tensors/tensorflow.js';
import { TextMatchRanker } from './text-match-ranker.js';
import { TrainedRanker } from './trained-ranker.js';

let ready: { tf: Tensorflow; encoder: Encoder } | null = null;
const rankers = new Map<string, Ranker>();
let candidates: Candidate[] | null = null;

function started(): { tf: Tensorflow; encoder: Encoder } {
  if (!ready) throw new Error('the model process is not started');
  return ready;
}

// TensorFlow uses every core; HTTP requests must not wait for it.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

async function start({ device: wanted, encoderDir, cacheDir }: ModelWorkerSettings): Promise<ModelWorkerInfo> {
  const { tf, device, version } = await loadTensorflow(wanted);
  const encoder = await Encoder.open(tf, encoderDir, cacheDir);
  // Warm-up: the first call of each signature initialises its kernels, which no ticket should wait for.
  encoder.encode(['a first text', 'and a second, longer text that is read in the same call as the first']);
  ready = { tf, encoder };
  return { device, tensorflow: version, encoderHash: encoder.hash };
}

async function openRanker(folder: string | null): Promise<Ranker> {
  const { tf, encoder } = started();
  if (folder !== null) return TrainedRanker.open(tf, encoder, folder, candidates);
  const ranker = new TextMatchRanker(encoder);
  await ranker.setCandidates(candidates);
  return ranker;
}

/** @returns hash of the version's encoder */
async function load(version: string, folder: string | null): Promise<string> {
  const ranker = await openRanker(folder);
  rankers.get(version)?.dispose();
  rankers.set(version, ranker);
  return ranker instanceof TrainedRanker ? ranker.encoderHash : started().encoder.hash;
}

async function answer(request: ModelRequest): Promise<ModelAnswer> {
  switch (request.kind) {
    case 'start':
      return { info: await start(request.settings) };
    case 'load':
      return { encoderHash: await load(request.version, request.folder) };
    case 'unload':
      rankers.get(request.version)?.dispose();
      rankers.delete(request.version);
      return {};
    case 'candidates':
      candidates = request.candidates;
      for (const ranker of rankers.values()) await ranker.setCandidates(candidates);
      return {};
    case 'rank': {
      const ranker = rankers.get(request.version);
      if (!ranker) throw new Error(`model version ${request.version} is not loaded`);
      return { rankings: await ranker.rank(request.inputs) };
    }
    case 'embed': {
      const { encoder } = started();
      return { embeddings: encoder.encode(request.texts).map((views) => views.slice(0, encoder.size)) };
    }
  }
}

let turn = Promise.resolve();
process.on('message', (request: ModelRequest) => {
  turn = turn.then(async () => {
    let reply: ModelReply;
    try {
      reply = { id: request.id, answer: await answer(request) };
    } catch (error) {
      reply = { id: request.id, error: error instanceof Error ? error.message : String(error) };
    }
    // The callback ignores a parent that is gone; without it the process would end with a stack trace.
    process.send?.(reply, undefined, undefined, () => undefined);
  });
});
// Ctrl-C reaches every process of the terminal; this one ends when its parent disconnects.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
