/** One training run, from the labels to the verdict. What was tested is what is served: nothing is fitted again afterwards. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { Config } from '../../config/config.js';
import type { JobProgress } from '../../models/training/progress.js';
import { seeded } from '../../statistics/random.js';
import { readRunRecord } from '../../models/training/run-record.js';
import { idHash, trainedOnFile, type TrainedOn } from '../../models/dataset/trained-on.js';
import { modelWorkerFile } from '../../models/jobs/worker-files.js';
import { readReference } from '../../monitoring/reference/reference-file.js';
import { moveAlias } from '../../suggest/versions/model-registry.js';
import { message } from '../../suggest/versions/model-messages.js';
import { wantedCandidates, wantedModel } from '../../suggest/requests/serving-version.js';
import { compare } from '../comparison/comparison.js';
import { type ComparedTicket } from '../comparison/answer.js';
import { heldOutTickets } from '../comparison/held-out.query.js';
import { defaultSplit, heldOut, heldOutFrom, trainingCopies, trustIn } from '../labels/label-split.js';
import { labelledTickets } from '../labels/labelled-tickets.query.js';
import { gateSettings } from '../comparison/gate-settings.js';
import { promotionVerdict, type ChallengerFacts } from '../comparison/promotion.js';
import type { ClaimedRun, RunEnd, RunPart } from './run-store.js';
import { ChallengerBroken, rankBoth, type Contestant } from '../comparison/sandbox.js';
import { trainFromLabels, type LabelTraining } from './train-from-labels.js';
import type { Trust } from '../../monitoring/labels/trust.js';

export interface RunTools {
  dataSource: DataSource;
  config: Config;
  training: Pick<LabelTraining, 'worker' | 'seed'>;
  signal: AbortSignal;
  /** @throws LeaseLost */
  note: (part: RunPart) => Promise<void>;
}

/** The run can't go on, for a reason that its row shall say. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

export const runWorkPrefix = '.training-run-';
/** Slices with fewer held-out tickets say nothing. */
const smallestSlice = 30;

/**
 * @returns how it ended, and with whom; who calls writes that, and moves the alias, in one transaction
 * @throws RunFailed | TrainingFailed with the reason
 */
export async function performRun(run: ClaimedRun, tools: RunTools): Promise<RunEnd & { challenger: string }> {
  const { dataSource, config, note, signal } = tools;
  await note({ phase: 'reading labels' });
  if (run.trigger === 'first') return firstRun(run, tools);
  const champion = await wantedModel(dataSource.manager);
  const seen = await learnedBy(config, champion);
  const labels = await labelledTickets(dataSource.manager);
  const trust = trustIn(labels);
  const { RETRAIN_LABEL_DAYS: mostDays } = config;
  const rules = { trust: trust.value, mostDays, seed: tools.training.seed, now: new Date() };
  const copies = trainingCopies(labels, rules);
  const from = run.heldOutFrom ?? heldOutFrom(labels, seen, copies);
  if (!from) throw new RunFailed(tooFew(labels.filter(({ key }) => !seen.has(idHash(key))).length));
  const out = heldOut(labels, seen, from);
  for (const { ticket } of out) copies.delete(ticket);
  await note({
    champion: champion.version,
    heldOutFrom: from,
    arguments: {
      seed: tools.training.seed,
      fields: config.MODEL_FIELDS,
      labels: labels.length,
      learnedFrom: copies.size,
      lines: [...copies.values()].reduce((sum, one) => sum + one, 0),
      heldOut: out.length,
      heldOutFrom: new Date(from.at).toISOString(),
      trust,
    },
  });
  const challenger = run.challenger ?? (await trainChallenger(run, tools, copies));
  signal.throwIfAborted();
  const both = { champion, challenger: { version: challenger, folder: challenger } };
  const facts = await tested(both, tools, { out, learned: [...copies.keys()], trust });
  const verdict = promotionVerdict(run.trigger, facts, gateSettings(config));
  const { comparison } = facts;
  return { state: verdict.promoted ? 'promoted' : 'kept', verdict, ...(comparison && { comparison }), challenger };
}

/** Trains on all labels: there is no champion that has learned from some, and nothing to be compared with. */
async function firstRun(run: ClaimedRun, tools: RunTools): Promise<RunEnd & { challenger: string }> {
  const { dataSource, config, note, training } = tools;
  const { version, folder } = await wantedModel(dataSource.manager);
  if (folder !== null) throw new RunFailed(`${version} ranks already`);
  const labels = await labelledTickets(dataSource.manager);
  const facts = { labels: labels.length, learnedFrom: labels.length, lines: labels.length, heldOut: 0 };
  await note({ arguments: { seed: training.seed, fields: config.MODEL_FIELDS, ...facts } });
  return { state: 'promoted', challenger: run.challenger ?? (await trainChallenger(run, tools)) };
}

const tooFew = (unseen: number): string =>
  `${unseen} labels are there that the champion has not learned from; more than ${defaultSplit.fewest} are needed, to test on and to learn from`;

async function learnedBy(config: Config, { folder }: Contestant): Promise<Set<string>> {
  if (folder === null) return new Set();
  const text = await readFile(join(config.MODEL_DIR, folder, trainedOnFile), 'utf8');
  return new Set((JSON.parse(text) as TrainedOn).ids);
}

async function trainChallenger(
  run: ClaimedRun,
  { dataSource, config, training, signal, note }: RunTools,
  copies?: ReadonlyMap<number, number>,
): Promise<string> {
  const order = { ...training, config, signal, ...(copies && { copies }), work: `${runWorkPrefix}${run.id}` };
  const { version } = await trainFromLabels(dataSource, order, throttled(note));
  await dataSource.transaction((manager) =>
    moveAlias(manager, 'challenger', version, 'training run', message('training-run', { run: run.id })),
  );
  const record = await readRunRecord(join(config.MODEL_DIR, version));
  await note({ challenger: version, curves: record.curves });
  return version;
}

/** Ranks the held-out tickets with both and compares. */
async function tested(
  { champion, challenger }: { champion: Contestant; challenger: Contestant },
  { dataSource, config, training, signal, note }: RunTools,
  held: { out: Awaited<ReturnType<typeof labelledTickets>>; learned: number[]; trust: Trust },
): Promise<ChallengerFacts> {
  await note({ phase: 'comparing with the champion', progress: 0 });
  const learned = await learnedBy(config, challenger);
  const unseen = held.out.filter(({ key }) => !learned.has(idHash(key)));
  const tickets = await heldOutTickets(dataSource.manager, unseen, held.learned);
  const { manager } = dataSource;
  const inFolder = ({ version, folder }: Contestant): Contestant => ({
    version,
    folder: folder && join(config.MODEL_DIR, folder),
  });
  const hasReference = await readReference(join(config.MODEL_DIR, challenger.version)).then(
    () => true,
    () => false,
  );
  try {
    const answers = await rankBoth(
      { champion: inFolder(champion), challenger: inFolder(challenger) },
      tickets.map(({ input }) => input),
      {
        options: { ...training.worker, workerFile: modelWorkerFile },
        // Weights say how tickets differ from those that the champion learned from: another version's would be others.
        candidates: (await wantedCandidates(manager)).map((candidate) => ({ ...candidate, weight: 1 })),
        signal,
      },
      (done) => note({ phase: 'comparing with the champion', progress: done }),
    );
    const compared = tickets.flatMap(({ facts }, index): ComparedTicket[] => {
      const [ofChampion, ofChallenger] = [answers.champion[index], answers.challenger[index]];
      return ofChampion && ofChallenger ? [{ ...facts, champion: ofChampion, challenger: ofChallenger }] : [];
    });
    const comparison = compare(compared, {
      fewestTrusted: config.RETRAIN_TRUSTED_LABELS,
      trust: held.trust,
      smallestSlice,
      random: seeded(training.seed),
    });
    return { comparison, failure: null, slowdown: answers.slowdown, hasReference };
  } catch (error) {
    if (!(error instanceof ChallengerBroken)) throw error;
    signal.throwIfAborted();
    return { comparison: null, failure: error.message, slowdown: null, hasReference };
  }
}

/** A training tells of every step; the database hears of it once a second, and of each new phase. */
function throttled(note: RunTools['note']): JobProgress {
  let [told, last] = [0, ''];
  return async (phase, progress, said, curves) => {
    const now = performance.now();
    if (phase === last && now - told < 1000) return;
    [told, last] = [now, phase];
    // One that is lost costs nothing: the lease says whether the run is still ours.
    await note({ phase, progress, note: said ?? null, ...(curves && { curves }) }).catch(() => undefined);
  };
}

/** Removes what a killed run has left: its working folder, and a version that was finished but never made known. */
export async function removeLeftovers(
  dataSource: DataSource,
  modelDir: string,
  names: readonly string[],
): Promise<void> {
  const known: { folder: string }[] = await dataSource.query('SELECT folder FROM model_versions');
  const folders = new Set(known.map(({ folder }) => folder));
  for (const name of names) {
    const isWork = name.startsWith(runWorkPrefix);
    if (isWork || (/^\d{8}-\d{6}-[0-9a-f]{6}$/.test(name) && !folders.has(name))) {
      await rm(join(modelDir, name), { recursive: true, force: true });
    }
  }
}
