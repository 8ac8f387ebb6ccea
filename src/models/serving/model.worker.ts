/** The model process: answers one request after the other, until its parent is gone. */
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
  if (!ready) throw new Error('the model process was asked before it was started');
  return ready;
}

// TensorFlow takes every core while it computes; an agent who opens a ticket must not wait for a thread of its own.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

async function start({ device: wanted, encoderDir, cacheDir }: ModelWorkerSettings): Promise<ModelWorkerInfo> {
  const { tf, device, version } = await loadTensorflow(wanted);
  const encoder = await Encoder.open(tf, encoderDir, cacheDir);
  // The first call of each kind prepares the kernels: no ticket shall wait for that.
  encoder.encode(['a first text', 'and a second, longer text that is read in the same call as the first']);
  ready = { tf, encoder };
  return { device, tensorflow: version, encoderHash: encoder.hash };
}

async function opened(folder: string | null): Promise<Ranker> {
  const { tf, encoder } = started();
  if (folder !== null) return TrainedRanker.open(tf, encoder, folder, candidates);
  const ranker = new TextMatchRanker(encoder);
  await ranker.setCandidates(candidates);
  return ranker;
}

/** @returns hash of the encoder that its embeddings are from */
async function load(version: string, folder: string | null): Promise<string> {
  const ranker = await opened(folder);
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
      if (!ranker) throw new Error(`model version ${request.version} has not been loaded`);
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
    // A parent that is gone needs no answer: without this its absence would end us with a stack.
    process.send?.(reply, undefined, undefined, () => undefined);
  });
});
// Ctrl-C reaches every process of the terminal; this one ends when its parent lets go of it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
