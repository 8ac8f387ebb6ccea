import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config/config.js';
import { readDataFile } from '../models/dataset/data-file.js';
import type { DataRow } from '../models/dataset/data-row.js';
import type { ModelProcess } from '../models/serving/model-process.js';
import type { Ranking } from '../models/ranker.js';
import { ticketText } from '../models/features/ticket-text.js';
import { toRankInput } from '../models/dataset/data-row.js';
import { fieldNames } from '../monitoring/diagnosis/broken-input.js';
import { decisionSettings } from '../monitoring/decisions/decision-settings.js';
import { detectFileDrift, type RankedRow } from '../monitoring/runner/file-drift.js';
import { readReference } from '../monitoring/reference/reference-file.js';
import { readReferenceSample } from '../monitoring/reference/reference-sample.js';
import { addColumnOptions, columnsOf, type ColumnOptions } from './options/columns.js';
import { driftAsJson, driftAsText } from './reports/drift-report.js';
import { progressBar } from './options/progress.js';
import { UserError } from './options/user-error.js';
import { withModel } from './options/with-model.js';

interface DriftOptions extends ColumnOptions {
  model: string;
  data: string;
  json?: boolean;
}

const rowsAtOnce = 512;

export function registerDrift(program: Command): void {
  const command = program
    .command('drift')
    .description("test whether tickets have drifted from a model's training data, with a diagnosis and a decision")
    .requiredOption('--model <folder>', 'folder of a model version')
    .requiredOption('--data <file>', 'tickets, with or without labels: CSV, TSV or JSON Lines with a header')
    .option('--json', 'print the signals and the decision as JSON');
  addColumnOptions(command).action(async (options: DriftOptions) => {
    const folder = resolve(options.model);
    const reference = await readReference(folder);
    const sample = await readReferenceSample(folder);
    if (!sample) throw new UserError(`${folder} has no sample of held-out tickets: train the model again`);
    const fields = fieldNames(sample.tickets);
    if (fields.length > 0 && options.fields === undefined) {
      throw new UserError(
        `--fields: the model was trained with ${fields.join(', ')}; pass the same fields, or they count as missing`,
      );
    }
    const rows = await withModel(folder, (model) => observed(model, resolve(options.data), options));
    const report = detectFileDrift({
      reference,
      sample,
      rows,
      now: new Date(),
      settings: decisionSettings(readConfig()),
    });
    process.stdout.write(options.json ? `${JSON.stringify(driftAsJson(report))}\n` : driftAsText(report, rows));
  });
}

async function observed(model: ModelProcess, file: string, options: ColumnOptions): Promise<RankedRow[]> {
  const seen: RankedRow[] = [];
  const bar = progressBar('tickets ranked', null);
  let rows: DataRow[] = [];
  const flush = async (): Promise<void> => {
    const ranked = await model.rank(rows.map((row) => toRankInput(row, true)));
    rows.forEach((row, index) => {
      const answer = ranked[index];
      if (answer) seen.push(seenRow(row, answer.ranking));
    });
    bar.update(seen.length);
    rows = [];
  };
  for await (const row of readDataFile(file, columnsOf(options), 'optional')) {
    rows.push(row);
    if (rows.length >= rowsAtOnce) await flush();
  }
  if (rows.length > 0) await flush();
  bar.stop();
  return seen;
}

function seenRow(row: DataRow, ranking: Ranking): RankedRow {
  const { channel, language, fields } = row;
  const { items, unweighted, contactType, embedding, entropy, abstained, reason } = ranking;
  const { words, unknownShare, fingerprint } = ranking;
  const key = row.id ?? `line:${row.line}`;
  // A file need not say when its tickets were written: then no hour is compared with its like.
  const occurredAt = row.occurredAt ?? new Date(NaN);
  return {
    observation: {
      key,
      occurredAt,
      embedding,
      ranking: unweighted ?? items.slice(0, 10),
      entropy,
      abstained,
      reason,
      contactType: contactType?.value ?? null,
      channel,
      language,
      fields,
      words,
      unknownShare,
      fingerprint,
    },
    label: row.label === null && !row.noneFits ? undefined : row.label,
    text: ticketText(row),
  };
}
