/** A training run from labels to verdict. The tested version is the one that serves: it is not refitted on all labels. */
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
import { loadCandidates, loadServingVersion } from '../../suggest/requests/serving-version.js';
import { compare } from '../comparison/comparison.js';
import { type ComparedTicket } from '../comparison/prediction.js';
import { loadHeldOutTickets } from '../comparison/held-out.query.js';
import {
  defaultSplit,
  selectHeldOut,
  findSplitPoint,
  countTrainingCopies,
  estimateLabelTrust,
} from '../labels/label-split.js';
import { loadLabelledTickets } from '../labels/labelled-tickets.query.js';
import { gateSettings } from '../comparison/gate-settings.js';
import { promotionVerdict, type ChallengerFacts } from '../comparison/promotion.js';
import type { ClaimedRun, RunEnd, RunUpdate } from './run-store.js';
import { ChallengerFailed, rankBoth, type SandboxVersion } from '../comparison/sandbox.js';
import { trainFromLabels, type LabelTraining } from './train-from-labels.js';
import type { Trust } from '../../monitoring/labels/trust.js';

export interface RunContext {
  dataSource: DataSource;
  config: Config;
  training: Pick<LabelTraining, 'worker' | 'seed'>;
  signal: AbortSignal;
  /** @throws LeaseLost */
  update: (part: RunUpdate) => Promise<void>;
}

/** The run can't continue; its row stores the reason. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

export const workFolderPrefix = '.training-run-';
/** Smaller slices are not compared. */
const minSliceTickets = 30;

/**
 * @returns the end state and the challenger; the caller stores it and moves the alias in one transaction
 * @throws RunFailed | TrainingFailed with the reason
 */
export async function executeRun(run: ClaimedRun, context: RunContext): Promise<RunEnd & { challenger: string }> {
  const { dataSource, config, update, signal } = context;
  await update({ phase: 'reading labels' });
  if (run.trigger === 'first') return executeFirstRun(run, context);
  const champion = await loadServingVersion(dataSource.manager);
  const seen = await readTrainedOn(config, champion);
  const labels = await loadLabelledTickets(dataSource.manager);
  const trust = estimateLabelTrust(labels);
  const { RETRAIN_LABEL_DAYS: maxAgeDays } = config;
  const rules = { trust: trust.value, maxAgeDays, seed: context.training.seed, now: new Date() };
  const copies = countTrainingCopies(labels, rules);
  const from = run.heldOutFrom ?? findSplitPoint(labels, seen, copies);
  if (!from) throw new RunFailed(tooFewLabels(labels.filter(({ key }) => !seen.has(idHash(key))).length));
  const out = selectHeldOut(labels, seen, from);
  for (const { ticket } of out) copies.delete(ticket);
  await update({
    champion: champion.version,
    heldOutFrom: from,
    arguments: {
      seed: context.training.seed,
      fields: config.MODEL_FIELDS,
      labels: labels.length,
      learnedFrom: copies.size,
      lines: [...copies.values()].reduce((sum, rows) => sum + rows, 0),
      heldOut: out.length,
      heldOutFrom: new Date(from.at).toISOString(),
      trust,
    },
  });
  const challenger = run.challenger ?? (await trainChallenger(run, context, copies));
  signal.throwIfAborted();
  const both = { champion, challenger: { version: challenger, folder: challenger } };
  const facts = await compareWithChampion(both, context, { out, learned: [...copies.keys()], trust });
  const verdict = promotionVerdict(run.trigger, facts, gateSettings(config));
  const { comparison } = facts;
  return { state: verdict.promoted ? 'promoted' : 'rejected', verdict, ...(comparison && { comparison }), challenger };
}

/** Trains on all labels: there is no champion to compare with, so nothing is held out. */
async function executeFirstRun(run: ClaimedRun, context: RunContext): Promise<RunEnd & { challenger: string }> {
  const { dataSource, config, update, training } = context;
  const { version, folder } = await loadServingVersion(dataSource.manager);
  if (folder !== null) throw new RunFailed(`${version} is already serving`);
  const labels = await loadLabelledTickets(dataSource.manager);
  const facts = { labels: labels.length, learnedFrom: labels.length, lines: labels.length, heldOut: 0 };
  await update({ arguments: { seed: training.seed, fields: config.MODEL_FIELDS, ...facts } });
  return { state: 'promoted', challenger: run.challenger ?? (await trainChallenger(run, context)) };
}

const tooFewLabels = (unseen: number): string =>
  `${unseen} labels that the champion was not trained on; more than ${defaultSplit.min} are needed to train and to test`;

async function readTrainedOn(config: Config, { folder }: SandboxVersion): Promise<Set<string>> {
  if (folder === null) return new Set();
  const text = await readFile(join(config.MODEL_DIR, folder, trainedOnFile), 'utf8');
  return new Set((JSON.parse(text) as TrainedOn).ids);
}

async function trainChallenger(
  run: ClaimedRun,
  { dataSource, config, training, signal, update }: RunContext,
  copies?: ReadonlyMap<number, number>,
): Promise<string> {
  const settings = { ...training, config, signal, ...(copies && { copies }), work: `${workFolderPrefix}${run.id}` };
  const { version } = await trainFromLabels(dataSource, settings, throttleProgress(update));
  await dataSource.transaction((manager) =>
    moveAlias(manager, 'challenger', version, 'training run', message('training-run', { run: run.id })),
  );
  const record = await readRunRecord(join(config.MODEL_DIR, version));
  await update({ challenger: version, curves: record.curves });
  return version;
}

/** Ranks the held-out tickets with both versions and compares. */
async function compareWithChampion(
  { champion, challenger }: { champion: SandboxVersion; challenger: SandboxVersion },
  { dataSource, config, training, signal, update }: RunContext,
  held: { out: Awaited<ReturnType<typeof loadLabelledTickets>>; learned: number[]; trust: Trust },
): Promise<ChallengerFacts> {
  await update({ phase: 'comparing with the champion', progress: 0 });
  const learned = await readTrainedOn(config, challenger);
  const unseen = held.out.filter(({ key }) => !learned.has(idHash(key)));
  const tickets = await loadHeldOutTickets(dataSource.manager, unseen, held.learned);
  const { manager } = dataSource;
  const inFolder = ({ version, folder }: SandboxVersion): SandboxVersion => ({
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
        // Class weights are relative to the champion's training data: the challenger's would differ.
        candidates: (await loadCandidates(manager)).map((candidate) => ({ ...candidate, weight: 1 })),
        signal,
      },
      (done) => update({ phase: 'comparing with the champion', progress: done }),
    );
    const compared = tickets.flatMap(({ facts }, index): ComparedTicket[] => {
      const [ofChampion, ofChallenger] = [answers.champion[index], answers.challenger[index]];
      return ofChampion && ofChallenger ? [{ ...facts, champion: ofChampion, challenger: ofChallenger }] : [];
    });
    const comparison = compare(compared, {
      minTrustedLabels: config.RETRAIN_TRUSTED_LABELS,
      trust: held.trust,
      minSliceTickets,
      random: seeded(training.seed),
    });
    return { comparison, failure: null, slowdown: answers.slowdown, hasReference };
  } catch (error) {
    if (!(error instanceof ChallengerFailed)) throw error;
    signal.throwIfAborted();
    return { comparison: null, failure: error.message, slowdown: null, hasReference };
  }
}

/** Stores progress at most once a second, and every new phase. */
function throttleProgress(update: RunContext['update']): JobProgress {
  let [storedAt, lastPhase] = [0, ''];
  return async (phase, progress, note, curves) => {
    const now = performance.now();
    if (phase === lastPhase && now - storedAt < 1000) return;
    [storedAt, lastPhase] = [now, phase];
    // A lost update is harmless: the lease shows whether the run is still claimed.
    await update({ phase, progress, note: note ?? null, ...(curves && { curves }) }).catch(() => undefined);
  };
}

/** Deletes what killed runs have left: working folders, and finished versions that were never registered. */
export async function removeUnfinishedFolders(
  dataSource: DataSource,
  modelDir: string,
  names: readonly string[],
): Promise<void> {
  const known: { folder: string }[] = await dataSource.query('SELECT folder FROM model_versions');
  const folders = new Set(known.map(({ folder }) => folder));
  for (const name of names) {
    const isWork = name.startsWith(workFolderPrefix);
    if (isWork || (/^\d{8}-\d{6}-[0-9a-f]{6}$/.test(name) && !folders.has(name))) {
      await rm(join(modelDir, name), { recursive: true, force: true });
    }
  }
}
