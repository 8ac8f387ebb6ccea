/** Ranks the held-out tickets with champion and challenger, each in its own process as in service. */
import { ModelProcess, type ModelProcessOptions } from '../../models/serving/model-process.js';
import type { Candidate, RankInput, Ranking } from '../../models/ranker.js';
import type { Prediction } from './prediction.js';

export interface SandboxVersion {
  version: string;
  /** Null: ranking by text similarity */
  folder: string | null;
}

export interface SandboxSettings {
  options: Pick<ModelProcessOptions, 'settings' | 'workerFile' | 'environment'>;
  /** The active templates */
  candidates: Candidate[];
  signal: AbortSignal;
}

export interface SandboxResult {
  champion: Prediction[];
  challenger: Prediction[];
  /** Latency per ticket, challenger / champion: median over pairs of consecutive calls; null without tickets */
  slowdown: number | null;
}

/** The challenger does not load or returns invalid output; the message has the reason. */
export class ChallengerFailed extends Error {
  override readonly name = 'ChallengerBroken';
}

const batchSize = 64;
const timedTickets = 40;
const maxTemplates = 3;

/**
 * @throws ChallengerBroken if the challenger does not load or returns no probabilities
 * @throws Error if the champion does not, or the signal is aborted
 */
export async function rankBoth(
  { champion, challenger }: { champion: SandboxVersion; challenger: SandboxVersion },
  inputs: readonly RankInput[],
  settings: SandboxSettings,
  onProgress: (done: number) => Promise<void>,
): Promise<SandboxResult> {
  const processes: ModelProcess[] = [];
  const open = async ({ version, folder }: SandboxVersion): Promise<ModelProcess> => {
    const limits = { maxBatch: batchSize, maxWaitMs: 0, maxQueue: 10_000 };
    const process = new ModelProcess({ ...settings.options, ...limits });
    processes.push(process);
    await process.start();
    await process.setCandidates(settings.candidates);
    await process.activate(version, folder);
    return process;
  };
  try {
    const first = await open(champion);
    const second = await blameChallenger(() => open(challenger));
    const answers: SandboxResult = { champion: [], challenger: [], slowdown: null };
    for (let start = 0; start < inputs.length; start += batchSize) {
      settings.signal.throwIfAborted();
      const part = inputs.slice(start, start + batchSize);
      answers.champion.push(...(await predict(first, part)));
      answers.challenger.push(...(await blameChallenger(async () => checkProbabilities(await predict(second, part)))));
      await onProgress(Math.min(inputs.length, start + batchSize) / inputs.length);
    }
    answers.slowdown = await slowdown(first, second, inputs.slice(0, timedTickets));
    return answers;
  } finally {
    await Promise.all(processes.map((process) => process.stop()));
  }
}

async function blameChallenger<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new ChallengerFailed(error instanceof Error ? error.message : String(error));
  }
}

async function predict(process: ModelProcess, inputs: RankInput[]): Promise<Prediction[]> {
  return (await process.rank(inputs)).map(({ ranking }) => toPrediction(ranking));
}

export const toPrediction = ({ items, abstained }: Pick<Ranking, 'items' | 'abstained'>): Prediction => ({
  templates: items.slice(0, maxTemplates).map(({ templateId }) => templateId),
  probability: items[0]?.probability ?? 0,
  probabilities: Object.fromEntries(items.map(({ templateId, probability }) => [templateId, probability])),
  abstained,
});

function checkProbabilities(answers: Prediction[]): Prediction[] {
  const bad = answers.find(({ probability }) => !(probability >= 0 && probability <= 1.0001));
  if (bad) throw new Error(`invalid probability ${bad.probability}`);
  return answers;
}

/** Alternating calls, so that other load on the machine slows both versions alike. */
async function slowdown(
  first: ModelProcess,
  second: ModelProcess,
  inputs: readonly RankInput[],
): Promise<number | null> {
  const ratios: number[] = [];
  const timed = async (process: ModelProcess, input: RankInput): Promise<number> => {
    const from = performance.now();
    await process.rank([input]);
    return performance.now() - from;
  };
  for (const input of inputs) ratios.push((await timed(second, input)) / (await timed(first, input)));
  return ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? null;
}
