/** Changed meanings on histories as small teams have them: few labels, some of them wrong, and a model that is too sure of itself. */
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readDataFile } from '../../../src/models/dataset/data-file.js';
import { findChangedMeanings } from '../../../src/monitoring/diagnosis/changed-meaning.js';
import type { LabelledObservation } from '../../../src/monitoring/observations/observation.js';
import type { RankedTemplate } from '../../../src/models/ranker.js';
import { seeded } from '../../../src/statistics/random.js';
import { observation } from '../../support/observations.js';

interface Row {
  /** Indices of the vocabulary */
  words: number[];
  label: string;
}

const classCount = 28;
const smallSide = 400;
const largerSide = 1_500;
const noise = 0.15;
const folds = 5;
const splits = 100;
let rows: Row[];
const vocabulary = new Map<string, number>();

beforeAll(async () => {
  const all: Row[] = [];
  const file = join(import.meta.dirname, '../../../samples/banking77/train.tsv');
  for await (const { body, label } of readDataFile(file, { label: 'category' })) {
    const words = body.toLowerCase().match(/\p{L}+/gu) ?? [];
    for (const word of words) if (!vocabulary.has(word)) vocabulary.set(word, vocabulary.size);
    all.push({ words: words.map((word) => vocabulary.get(word) ?? 0), label: label ?? '' });
  }
  const classes = [...new Set(all.map(({ label }) => label))].sort().slice(0, classCount);
  rows = all.filter(({ label }) => classes.includes(label));
});

/** Two random halves of a small history, with some labels of another class at random. */
function split(seed: number, rowsPerSide = smallSide): { learned: Row[]; later: Row[] } {
  const random = seeded(seed);
  const classes = [...new Set(rows.map(({ label }) => label))];
  const drawn = rows
    .map((row) => ({ row, at: random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, 2 * rowsPerSide)
    .map(({ row }) =>
      random() < noise ? { ...row, label: classes[Math.floor(random() * classes.length)] ?? '' } : row,
    );
  return { learned: drawn.slice(0, rowsPerSide), later: drawn.slice(rowsPerSide) };
}

const smoothing = 0.1;

/** Naive Bayes (multinomial): with few labels much surer than it is right. @returns the first suggestion of a text */
function naiveBayes(learned: readonly Row[]): (words: readonly number[]) => RankedTemplate[] {
  const classes = [...new Set(learned.map(({ label }) => label))].map((templateId) => {
    const own = learned.filter(({ label }) => label === templateId);
    const counts = new Float64Array(vocabulary.size).fill(smoothing);
    for (const { words } of own) for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
    const total = own.reduce((sum, { words }) => sum + words.length, smoothing * vocabulary.size);
    return { templateId, counts, prior: Math.log(own.length), logTotal: Math.log(total) };
  });
  return (words) => {
    const scores = classes.map(({ counts, prior, logTotal }) => {
      let score = prior;
      for (const word of words) score += Math.log(counts[word] ?? 1) - logTotal;
      return score;
    });
    const top = Math.max(...scores);
    const sum = scores.reduce((total, score) => total + Math.exp(score - top), 0);
    return [{ templateId: classes[scores.indexOf(top)]?.templateId ?? '', probability: 1 / sum }];
  };
}

function findings({ learned, later }: { learned: Row[]; later: Row[] }) {
  const heldOut = Array.from({ length: folds }, (_, fold) => {
    const rank = naiveBayes(learned.filter((__, index) => index % folds !== fold));
    return learned
      .filter((__, index) => index % folds === fold)
      .map(({ words, label }): LabelledObservation => ({ ...observation(), ranking: rank(words), templateId: label }));
  }).flat();
  const rank = naiveBayes(learned);
  const judged = later.map(({ words, label }, index) => {
    const ranking = rank(words);
    return {
      observation: observation({ key: `later:${index}`, ranking }),
      outcome: { templateId: label },
      probability: ranking[0]?.probability ?? 0,
    };
  });
  return { found: findChangedMeanings(judged, heldOut), judged };
}

test('random halves of a small noisy history show a changed meaning in one of a hundred at most', () => {
  let alarms = 0;
  let expected = 0;
  let wrong = 0;
  for (let seed = 1; seed <= splits; seed += 1) {
    const { found, judged } = findings(split(seed));
    if (found.length > 0) alarms += 1;
    expected += judged.reduce((sum, { probability }) => sum + 1 - probability, 0);
    wrong += judged.filter(
      ({ observation: { ranking }, outcome }) => ranking[0]?.templateId !== outcome.templateId,
    ).length;
  }
  // The model is as overconfident as it should be for this test.
  expect(wrong).toBeGreaterThan(2 * expected);
  expect(alarms).toBeLessThanOrEqual(0.01 * splits);
});

test('a template whose tickets get another label from now on is found', () => {
  const missed = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((seed) => {
    const { learned, later } = split(seed, largerSide);
    const counts = new Map<string, number>();
    for (const { label } of later) counts.set(label, (counts.get(label) ?? 0) + 1);
    const [common = ''] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
    const renamed = later.map((row) => (row.label === common ? { ...row, label: 'renamed' } : row));
    return !findings({ learned, later: renamed }).found.some(({ subject }) => subject === common);
  });
  expect(missed.length).toBeLessThanOrEqual(2);
});

test('one relabelled ticket is no change of meaning, however sure the model is', () => {
  const ticket = (label: string, other: string) => ({
    observation: observation({ ranking: [{ templateId: label, probability: 0.999 }] }),
    outcome: { templateId: other },
    probability: 0.999,
  });
  const heldOut = Array.from({ length: 2_000 }, (_, index): LabelledObservation => ({
    ...observation({ key: `held:${index}` }),
    ranking: [{ templateId: 'card', probability: 0.999 }],
    templateId: 'card',
  }));
  const tickets = [...Array.from({ length: 4 }, () => ticket('card', 'card')), ticket('card', 'refund')];
  expect(findChangedMeanings(tickets, heldOut)).toEqual([]);
});
