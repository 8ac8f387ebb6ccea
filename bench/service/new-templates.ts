/**
 * npm run bench -- new-templates [--folds 8] [--seed 1] [--split test|validation]
 *
 * How well templates without labels are ranked, and what they cost the others.
 *
 * The sample's templates are split into folds; the labels of each fold's templates are removed from training in turn, and all templates are
 * candidates. Ids are hidden. `validation` trains on nine tenths of the training tickets and tests on the rest. Prints one JSON line.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { childEnvironment, readConfig } from '../../src/config/config.js';
import { ModelProcess } from '../../src/models/serving/model-process.js';
import type { Candidate } from '../../src/models/ranker.js';
import { toRankInput } from '../../src/models/dataset/data-row.js';
import { runTraining } from '../../src/models/jobs/training-process.js';
import { modelWorkerFile } from '../../src/models/jobs/worker-files.js';
import { sampleHistory, sampleTemplates, sampleTickets, type LabelledText } from '../../src/commands/start/sample.js';
import { setUp } from '../../src/setup/setup.js';
import { log } from '../support/service.js';

const { values: options } = parseArgs({
  options: {
    folds: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    split: { type: 'string', default: 'test' },
  },
});
const folds = Number(options.folds);
const seed = Number(options.seed);
const work = mkdtempSync(join(tmpdir(), 'replyrank-bench-new-'));

const { STORE_DIR: storeDir, TENSORFLOW: tensorflow } = readConfig();
const ready = await setUp({ storeDir, tensorflow, kafka: false, postgres: false }, log);
const settings = { encoderDir: ready.encoderDir, cacheDir: storeDir, device: ready.flavour };
const environment = childEnvironment(ready.environment);

const templates = await sampleTemplates();
const hidden = new Map(templates.map(({ id }, index) => [id, `t-${index}`]));
const candidates: Candidate[] = templates.map(({ id, title, body }) => ({
  templateId: hidden.get(id) ?? '',
  title,
  body,
  contactTypes: [],
}));
const history = await sampleHistory();
const isHeldOut = (_: LabelledText, index: number): boolean => index % 10 === 0;
const isValidation = options.split === 'validation';
const training = isValidation ? history.filter((row, index) => !isHeldOut(row, index)) : history;
const tested = isValidation ? history.filter(isHeldOut) : await sampleTickets();
const correctTemplate = ({ templateId }: LabelledText): string => hidden.get(templateId) ?? '';

const templateFile = join(work, 'templates.jsonl');
writeFileSync(
  templateFile,
  candidates.map(({ templateId: id, ...text }) => `${JSON.stringify({ id, ...text })}\n`).join(''),
);

const model = new ModelProcess({
  settings,
  environment,
  workerFile: modelWorkerFile,
  maxBatch: 256,
  maxWaitMs: 0,
  maxQueue: 100_000,
});
await model.start();
const counts = { removed: 0, removedHits3: 0, removedTop1: 0, others: 0, othersTop1: 0, othersTop1Alone: 0 };
for (let fold = 0; fold < folds; fold += 1) {
  const isRemoved = (id: string): boolean =>
    candidates.findIndex(({ templateId }) => templateId === id) % folds === fold;
  const data = join(work, `train-${fold}.jsonl`);
  const rows = training.filter((row) => !isRemoved(correctTemplate(row)));
  writeFileSync(
    data,
    rows.map((row) => `${JSON.stringify({ text: row.body, template: correctTemplate(row) })}\n`).join(''),
  );
  const out = join(work, `model-${fold}`);
  mkdirSync(join(work, 'cache'), { recursive: true });
  await runTraining(
    {
      worker: settings,
      settings: {
        data,
        columns: {},
        templates: templateFile,
        out,
        seed,
        precision: 0.5,
        coverage: 0.97,
        knownContactType: false,
        cacheDir: join(work, 'cache'),
      },
    },
    environment,
    () => undefined,
  );
  await model.activate(out, out);
  const [removed, others] = [true, false].map((wanted) =>
    tested.filter((row) => isRemoved(correctTemplate(row)) === wanted),
  );
  const hits = async (some: LabelledText[] = [], offered: Candidate[], depth: number): Promise<number> => {
    await model.setCandidates(offered);
    const answers = await model.rank(some.map((row) => toRankInput(row, false)));
    return answers.filter(({ ranking }, index) =>
      ranking.items
        .slice(0, depth)
        .some(({ templateId }) => templateId === correctTemplate(some[index] as LabelledText)),
    ).length;
  };
  counts.removed += removed?.length ?? 0;
  counts.removedHits3 += await hits(removed, candidates, 3);
  counts.removedTop1 += await hits(removed, candidates, 1);
  counts.others += others?.length ?? 0;
  counts.othersTop1 += await hits(others, candidates, 1);
  counts.othersTop1Alone += await hits(
    others,
    candidates.filter(({ templateId }) => !isRemoved(templateId)),
    1,
  );
  log(`bench: fold ${fold + 1} of ${folds} ${JSON.stringify(counts)}`);
}
await model.stop();
rmSync(work, { recursive: true, force: true });
const percent = (part: number, whole: number): number => Math.round((10_000 * part) / whole) / 100;
process.stdout.write(
  `${JSON.stringify({
    bench: 'new-templates',
    split: options.split,
    withoutLabels: {
      tickets: counts.removed,
      hits3: percent(counts.removedHits3, counts.removed),
      top1: percent(counts.removedTop1, counts.removed),
    },
    others: {
      tickets: counts.others,
      top1: percent(counts.othersTop1, counts.others),
      top1Alone: percent(counts.othersTop1Alone, counts.others),
      loss: percent(counts.othersTop1Alone - counts.othersTop1, counts.others),
    },
  })}\n`,
);
