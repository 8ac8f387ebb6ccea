/** The words that spoke for a suggestion: what holds of them for any text, and that they are the ones that mattered. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDataFile } from '../../../src/models/dataset/data-file.js';
import { defaultOcclusion, explainWords, type WordWeight } from '../../../src/models/serving/occlusion.js';
import { splitIntoPassages, wordsIn } from '../../../src/models/serving/passages.js';
import { seeded } from '../../../src/statistics/random.js';
import type { RankInput } from '../../../src/models/ranker.js';
import { trainModel } from '../../../src/models/training/train-model.js';
import { TrainedRanker } from '../../../src/models/serving/trained-ranker.js';
import { toRankInput } from '../../../src/models/dataset/data-row.js';
import { openEncoder, scratchFolder, smallSample, trainingSettings } from '../../support/models.js';

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let ranker: TrainedRanker;
let unseen: string[];
/** Texts that were ranked since it was last set to 0 */
let asked = 0;

beforeAll(async () => {
  const { tf, encoder } = await openEncoder();
  scratch = await scratchFolder();
  const train = await smallSample(scratch.folder, 'train', { types: 12, each: 30 });
  const settings = trainingSettings(scratch.folder, train, 'model');
  await trainModel(tf, encoder, settings, () => undefined);
  ranker = await TrainedRanker.open(tf, encoder, settings.out);
  unseen = [];
  for await (const row of readDataFile(await smallSample(scratch.folder, 'test', { types: 12, each: 2 }), {
    label: 'category',
  })) {
    unseen.push(toRankInput(row, false).body);
  }
}, 300_000);
afterAll(() => scratch.remove());

const ticket = (body: string, subject = ''): RankInput => ({
  subject,
  body,
  channel: null,
  language: null,
  contactType: null,
  fields: {},
});
const rank = (inputs: RankInput[]) => {
  asked += inputs.length;
  return ranker.rank(inputs);
};

/** Of the template that is ranked first. */
async function explained(
  input: RankInput,
  settings = defaultOcclusion,
): Promise<{ best: string; words: WordWeight[] }> {
  const [ranking] = await ranker.rank([input]);
  const best = ranking?.items[0]?.templateId ?? '';
  const [words = []] = await explainWords(input, [best], rank, settings);
  return { best, words };
}

async function probabilityOf(templateId: string, text: string): Promise<number> {
  const [ranking] = await ranker.rank([ticket(text)]);
  return ranking?.items.find((item) => item.templateId === templateId)?.probability ?? 0;
}

describe('any text', () => {
  const words = fc.oneof(
    fc.lorem({ maxCount: 120, mode: 'words' }),
    fc.lorem({ maxCount: 12, mode: 'sentences' }),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.constantFrom(
      '',
      ' \n ',
      '😀😀 🎉',
      'لماذا تم رفض بطاقتي عند الدفع في المتجر أمس؟',
      '我的卡还没有到,请问什么时候能到?',
    ),
  );

  test('is explained by spans that lie in it, in order, not overlapping, and by at most 64 texts', async () => {
    await fc.assert(
      fc.asyncProperty(words, words, async (subject, body) => {
        const input = ticket(body, subject);
        asked = 0;
        const found = await explained(input);
        expect(asked).toBeLessThanOrEqual(defaultOcclusion.maxTexts);
        let last = -1;
        for (const { part, start, end, text, weight } of found.words) {
          expect(input[part].slice(start, end)).toBe(text);
          expect(text.trim()).not.toBe('');
          expect(Number.isFinite(weight)).toBe(true);
          const place = part === 'subject' ? start : subject.length + 1 + start;
          expect(place).toBeGreaterThan(last);
          last = place + (end - start) - 1;
        }
      }),
      { numRuns: 25 },
    );
  });

  test('of 200,000 words is explained too', async () => {
    const long = Array.from({ length: 200_000 }, (_, at) => `word${at % 500}`).join(' ');
    asked = 0;
    await explained(ticket(long), { maxTexts: 64, maxWindows: 64 });
    expect(asked).toBeLessThanOrEqual(4);
  });

  test('is cut into parts that hold all of its words, at most so many', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60 }), (text, most, times) => {
        const long = `${text} `.repeat(times);
        const whole = { start: 0, end: long.length };
        const parts = splitIntoPassages(long, whole, most);
        expect(parts.length).toBeLessThanOrEqual(most);
        parts.forEach(({ start, end }, at) => {
          expect(start).toBeLessThan(end);
          expect(start).toBeGreaterThanOrEqual(parts[at - 1]?.end ?? 0);
        });
        const isIn = ({ start, end }: { start: number; end: number }) =>
          parts.some((part) => part.start <= start && end <= part.end);
        if (long.length <= 4_000) expect(wordsIn(long, whole).every(isIn)).toBe(true);
      }),
    );
  });
});

test('a sentence that has nothing to do with it is not blamed more than the words that matter', async () => {
  const aside = ' We went to the park with the children yesterday, and the weather was lovely.';
  let [matter, irrelevant] = [0, 0];
  for (const text of unseen) {
    const { words } = await explained(ticket(text + aside));
    const most = (some: WordWeight[]): number => Math.max(0, ...some.map(({ weight }) => weight));
    matter += most(words.filter(({ start }) => start < text.length));
    irrelevant += most(words.filter(({ start }) => start >= text.length));
  }
  expect(matter).toBeGreaterThan(2 * irrelevant);
});

test('without the three words that spoke most for it a template is less probable than without three others', async () => {
  const random = seeded(1);
  const without = (text: string, some: { start: number; end: number }[]): string =>
    some
      .toSorted((a, b) => b.start - a.start)
      .reduce((left, { start, end }) => left.slice(0, start) + left.slice(end), text);
  let [byWeight, byChance] = [0, 0];
  for (const text of unseen) {
    const { best, words } = await explained(ticket(text));
    const top = words.toSorted((a, b) => b.weight - a.weight).slice(0, 3);
    const any = wordsIn(text, { start: 0, end: text.length })
      .map((word) => ({ word, order: random() }))
      .sort((a, b) => a.order - b.order)
      .slice(0, top.length)
      .map(({ word }) => word);
    const before = await probabilityOf(best, text);
    byWeight += before - (await probabilityOf(best, without(text, top)));
    byChance += before - (await probabilityOf(best, without(text, any)));
  }
  expect(byWeight).toBeGreaterThan(1.5 * byChance);
});

test('in a long ticket the sentence that says it is found, with the words in it', async () => {
  const filler = 'Thank you for reading this letter to the end, it was written on a quiet evening by the window. ';
  const said = 'I want to cancel the transfer that I made to the wrong account. ';
  const text = filler.repeat(10) + said + filler.repeat(10);
  const [words = []] = await explainWords(ticket(text), ['cancel_transfer'], rank);
  const strongest = words.toSorted((a, b) => b.weight - a.weight)[0];
  const place = text.indexOf(said);
  expect(strongest?.start).toBeGreaterThanOrEqual(place);
  expect(strongest?.end).toBeLessThan(place + said.length);
});
