/** Puts the sample into a database that has nothing else in it: templates, answered tickets, a first model. */
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { ServiceConfig } from '../../config/config.js';
import { UserError } from '../options/user-error.js';
import { trainingSettings } from '../../retrain/runs/train-from-labels.js';
import { trainingProgress } from '../options/progress.js';
import { progressBar } from '../options/progress.js';
import { importHistory } from '../../ingest/history-import.js';
import { readRunRecord } from '../../models/training/run-record.js';
import { recordFirstRun } from '../../retrain/runs/run-store.js';
import { trainFromLabels } from '../../retrain/runs/train-from-labels.js';
import { findChampion } from '../../suggest/requests/champion.js';
import { moveAlias } from '../../suggest/versions/model-registry.js';
import { importTemplates } from '../../suggest/templates/templates.service.js';
import { historySource, sampleHistory, sampleTemplates } from './sample.js';

const actor = 'sample';

/**
 * Does what has not been done: an interrupted load goes on where it stood.
 *
 * @throws UserError where the database holds real tickets or templates; the signal's reason once it is aborted
 */
export async function loadSample(
  dataSource: DataSource,
  config: ServiceConfig,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await refuseRealData(dataSource);
  const templates = await sampleTemplates();
  const { added } = await dataSource.transaction((manager) =>
    importTemplates(manager, templates, { actor, sample: true }),
  );
  if (added > 0) report(`Sample: ${added} reply templates`);
  await loadHistory(dataSource, config, report, signal);
  if ((await findChampion(dataSource.manager)) !== null) return;
  report('Sample: training the first model …');
  const training = { ...trainingSettings(config), signal };
  const startedAt = new Date();
  const model = await trainFromLabels(dataSource, training, trainingProgress());
  const record = await readRunRecord(join(config.MODEL_DIR, model.version));
  const { rows } = record.data;
  const facts = {
    seed: model.seed,
    fields: config.MODEL_FIELDS,
    labels: rows,
    learnedFrom: rows,
    lines: rows,
    heldOut: 0,
  };
  await dataSource.transaction(async (manager) => {
    await moveAlias(manager, 'champion', model.version, actor);
    const run = { requestedBy: actor, challenger: model.version, startedAt, arguments: facts, curves: record.curves };
    await recordFirstRun(manager, run);
  });
  const { top1, hits3 } = model.heldOut;
  report(
    `Sample: model ${model.version} after ${Math.round(model.seconds)} s; held-out top-1 accuracy ${top1} %, top-3 ${hits3} %`,
  );
}

async function refuseRealData(dataSource: DataSource): Promise<void> {
  const [found] = await dataSource.query<{ what: string }[]>(
    `SELECT 'tickets' AS what FROM tickets WHERE NOT sample UNION ALL
     SELECT 'templates' FROM templates WHERE NOT sample LIMIT 1`,
  );
  if (!found) return;
  throw new UserError(
    `this database contains ${found.what} of your own, and the sample is never mixed with them. Start the service with "npx replyrank serve"`,
  );
}

async function loadHistory(
  dataSource: DataSource,
  { REDACT: redaction }: ServiceConfig,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const rows = await sampleHistory();
  const [stored] = await dataSource.query<{ n: number }[]>('SELECT count(*)::int AS n FROM tickets WHERE source = $1', [
    historySource,
  ]);
  if ((stored?.n ?? 0) >= rows.length) return;
  const bar = progressBar('answered tickets'.padEnd(28), rows.length);
  const options = { source: historySource, sample: true, redaction, now: new Date() };
  const { imported } = await importHistory(dataSource, rows, options, (done) => {
    bar.update(done);
    signal.throwIfAborted();
  }).finally(() => bar.stop());
  report(`Sample: ${imported} answered tickets`);
}
