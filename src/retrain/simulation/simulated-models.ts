/** Model versions of a simulation, trained and served by the service's own processes. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelProcess } from '../../models/serving/model-process.js';
import type { ModelWorkerSettings } from '../../models/serving/model-protocol.js';
import type { Candidate, RankInput, Ranking } from '../../models/ranker.js';
import { runTraining } from '../../models/jobs/training-process.js';
import { modelWorkerFile } from '../../models/jobs/worker-files.js';
import { addReference } from '../comparison/model-reference.js';
import type { SimulatedTicket } from './simulated-agents.js';
import { noneLabel } from '../labels/training-set.js';

export interface SimulatedModelSettings {
  worker: { settings: ModelWorkerSettings; environment: NodeJS.ProcessEnv };
  /** Folder of the versions; `cacheDir` has the text embeddings */
  folder: string;
  cacheDir: string;
  fields: readonly string[];
  seed: number;
}

const precision = 0.5;
const coverage = 0.97;
const batchSize = 256;

export class SimulatedModels {
  private readonly process: ModelProcess;
  private currentVersion = '';
  private currentCandidates = '';
  private trainings = 0;

  constructor(private readonly tools: SimulatedModelSettings) {
    const limits = { maxBatch: 64, maxWaitMs: 0, maxQueue: 10_000 };
    this.process = new ModelProcess({ ...tools.worker, workerFile: modelWorkerFile, ...limits });
  }

  start(): Promise<void> {
    return this.process.start();
  }

  stop(): Promise<void> {
    return this.process.stop();
  }

  /**
   * @param rows repeated tickets count repeatedly
   * @returns the version's folder
   * @throws TrainingFailed
   */
  async train(rows: readonly { ticket: SimulatedTicket; template: string | null }[]): Promise<string> {
    const { worker, folder, cacheDir, fields, seed } = this.tools;
    this.trainings += 1;
    const out = join(folder, `version-${this.trainings}`);
    const data = join(folder, `tickets-${this.trainings}.jsonl`);
    await mkdir(folder, { recursive: true });
    await writeFile(data, rows.map((row) => `${JSON.stringify(toTrainingRow(row))}\n`).join(''), { mode: 0o600 });
    const columns = { noneLabel, fields, redaction: 'none' as const };
    const settings = {
      data,
      templates: null,
      out,
      columns,
      seed,
      precision,
      coverage,
      knownContactType: false,
      cacheDir,
    };
    try {
      await runTraining({ worker: worker.settings, settings }, worker.environment, () => undefined);
      await addReference(out, seed);
    } finally {
      await rm(data, { force: true });
    }
    return out;
  }

  /** Ranks with a version as a replica in service does. */
  async rank(version: string, inputs: readonly RankInput[], candidates: Candidate[]): Promise<Ranking[]> {
    const serialized = JSON.stringify(candidates);
    if (serialized !== this.currentCandidates) await this.process.setCandidates(candidates);
    this.currentCandidates = serialized;
    if (version !== this.currentVersion) await this.process.activate(version, version);
    this.currentVersion = version;
    const rankings: Ranking[] = [];
    for (let start = 0; start < inputs.length; start += batchSize) {
      const batch = await this.process.rank(inputs.slice(start, start + batchSize));
      rankings.push(...batch.map(({ ranking }) => ranking));
    }
    return rankings;
  }
}

function toTrainingRow({
  ticket: { key, at, row },
  template,
}: {
  ticket: SimulatedTicket;
  template: string | null;
}): object {
  const { subject, body, channel, language, contactType, fields } = row;
  return {
    ...fields,
    id: key,
    subject,
    body,
    channel,
    language,
    contactType,
    occurredAt: at.toISOString(),
    template: template ?? noneLabel,
  };
}
