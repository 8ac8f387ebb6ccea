/** Histories as teams have them: few tickets, two templates, one label, no words, other scripts, fields that decide. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Encoder } from '../../../src/models/encoder/encoder.js';
import type { Ranking, RankInput } from '../../../src/models/ranker.js';
import type { Tensorflow } from '../../../src/models/tensors/tensorflow.js';
import { trainModel } from '../../../src/models/training/train-model.js';
import { type TrainingSettings } from '../../../src/models/training/training-settings.js';
import { TrainedRanker } from '../../../src/models/serving/trained-ranker.js';
import { ticket } from '../../contract/ranker.conformance.js';
import { openEncoder, scratchFolder, trainingSettings } from '../../support/models.js';

let tf: Tensorflow;
let encoder: Encoder;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;

beforeAll(async () => {
  ({ tf, encoder } = await openEncoder());
  scratch = await scratchFolder();
});
afterAll(() => scratch.remove());

type Row = { text: string; template: string } & Record<string, unknown>;

/** Trains on the rows and ranks the tickets. */
async function learn(
  name: string,
  rows: readonly Row[],
  tickets: readonly RankInput[],
  more: Partial<TrainingSettings> = {},
): Promise<Ranking[]> {
  const file = join(scratch.folder, `${name}.jsonl`);
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const settings = { ...trainingSettings(scratch.folder, file, name), columns: {}, ...more };
  await trainModel(tf, encoder, settings, () => undefined);
  const ranker = await TrainedRanker.open(tf, encoder, settings.out);
  const rankings = await ranker.rank([...tickets]);
  ranker.dispose();
  return rankings;
}

const first = (ranking: Ranking | undefined): string | undefined => ranking?.items[0]?.templateId;

function sane(rankings: readonly Ranking[]): void {
  for (const { items } of rankings) {
    const sum = items.reduce((total, { probability }) => total + probability, 0);
    expect(sum).toBeLessThanOrEqual(1.000_001);
    for (const { probability } of items) expect(probability).toBeGreaterThanOrEqual(0);
  }
}

const cards = [
  'my card has not arrived',
  'where is my new card',
  'the card I ordered is late',
  'still waiting for a card',
];
const refunds = ['I want my money back', 'please refund the order', 'refund is missing', 'when do I get a refund'];

test('twenty tickets and two templates are enough to begin with', async () => {
  const rows = Array.from({ length: 20 }, (_, index): Row => {
    const isCard = index % 2 === 0;
    const text = (isCard ? cards : refunds)[(index >> 1) % 4] ?? '';
    return {
      text: `${text}${index > 7 ? `, request ${String.fromCharCode(97 + index)}x` : ''}`,
      template: isCard ? 'card' : 'refund',
    };
  });
  const rankings = await learn('twenty', rows, [ticket('has my card been sent'), ticket('I would like a refund')]);
  sane(rankings);
  expect(rankings.map(first)).toEqual(['card', 'refund']);
});

test('a template with a single label among many is ranked, and the frequent ones do not suffer', async () => {
  const rows: Row[] = Array.from({ length: 60 }, (_, index) => ({
    text: `${(index % 2 === 0 ? cards : refunds)[(index >> 1) % 4] ?? ''} number ${'abcdefghij'[index % 10] ?? ''}${index}q`,
    template: index % 2 === 0 ? 'card' : 'refund',
  }));
  rows.push({ text: 'how do I change the language of the app', template: 'app language' });
  const rankings = await learn('single', rows, [
    ticket('change the language of the app please'),
    ticket('the card has still not arrived'),
  ]);
  sane(rankings);
  expect(rankings.map(first)).toEqual(['app language', 'card']);
});

test('tickets without words are learned around, and abstained on', async () => {
  const rows: Row[] = Array.from({ length: 40 }, (_, index) => ({
    text:
      index % 10 === 0
        ? ' '
        : `${(index % 2 === 0 ? cards : refunds)[index % 4] ?? ''} ${'klmnopqrst'[index % 10] ?? ''}${index}`,
    template: index % 2 === 0 ? 'card' : 'refund',
  }));
  const [empty, usual] = await learn('wordless', rows, [ticket('  '), ticket('where is my card')]);
  expect(empty).toMatchObject({ abstained: true, reason: 'empty-text' });
  expect(first(usual)).toBe('card');
});

describe('other languages', () => {
  const histories: Record<string, { rows: [string[], string[]]; asks: [string, string] }> = {
    German: {
      rows: [
        [
          'Meine Karte ist nicht da',
          'Wo bleibt meine neue Karte',
          'Die Karte kam nie an',
          'Karte seit Wochen bestellt',
        ],
        ['Ich möchte mein Geld zurück', 'Bitte Erstattung', 'Die Rückerstattung fehlt', 'Wann kommt die Erstattung'],
      ],
      asks: ['Wo ist die Karte', 'Erstattung bitte'],
    },
    Arabic: {
      rows: [
        ['لم تصل بطاقتي', 'أين بطاقتي الجديدة', 'البطاقة التي طلبتها متأخرة', 'ما زلت أنتظر البطاقة'],
        ['أريد استرداد أموالي', 'يرجى استرداد المبلغ', 'استرداد المبلغ مفقود', 'متى يصل استرداد المبلغ'],
      ],
      asks: ['أين البطاقة', 'استرداد المبلغ من فضلك'],
    },
    Chinese: {
      rows: [
        ['我的银行卡还没到', '新的银行卡在哪里', '我订的银行卡迟到了', '一直在等银行卡'],
        ['我要退款', '请退款', '退款没有收到', '什么时候退款'],
      ],
      asks: ['银行卡呢', '退款在哪'],
    },
  };
  test.each(Object.entries(histories))('%s is learned from words and characters', async (name, { rows, asks }) => {
    const labelled = rows.flatMap((texts, template) =>
      Array.from({ length: 16 }, (_, index): Row => ({
        text: `${texts[index % 4] ?? ''} ${index}${'abcd'[index >> 2] ?? ''}`,
        template: template === 0 ? 'card' : 'refund',
      })),
    );
    const rankings = await learn(
      name,
      labelled,
      asks.map((text) => ticket(text)),
    );
    sane(rankings);
    expect(rankings.map(first)).toEqual(['card', 'refund']);
  });
});

test('where fields decide, they are learned from, and missing, strange and huge values do no harm', async () => {
  const words = [
    'please help me',
    'I need help',
    'can you help',
    'help is needed',
    'something is wrong',
    'it does not work',
  ];
  const rows = Array.from({ length: 120 }, (_, index): Row => {
    const isBig = index % 3 === 0;
    return {
      // The text says nothing of the template.
      text: `${words[Math.floor(index / 3) % 6] ?? ''} ${'uvwxyz'[Math.floor(index / 18) % 6] ?? ''}`,
      template: isBig ? 'account manager' : 'help page',
      plan: isBig ? 'enterprise' : index % 3 === 1 ? 'free' : 'basic',
      seats: isBig ? 200 + index : 1 + (index % 5),
    };
  });
  const asked = (fields: RankInput['fields']): RankInput => ({ ...ticket('please help me now'), fields });
  const rankings = await learn(
    'fields',
    rows,
    [
      asked({ plan: 'enterprise', seats: 300 }),
      asked({ plan: 'free', seats: 2 }),
      asked({}),
      asked({ plan: 'never seen', seats: 1e12 }),
    ],
    { columns: { fields: ['plan', 'seats'] } },
  );
  sane(rankings);
  expect(rankings.slice(0, 2).map(first)).toEqual(['account manager', 'help page']);
  expect(rankings.slice(2).every(({ items }) => items.length === 2)).toBe(true);
});

test('a ticket of many pages is ranked by what it says', async () => {
  const rows: Row[] = Array.from({ length: 40 }, (_, index) => ({
    text: `${(index % 2 === 0 ? cards : refunds)[(index >> 1) % 4] ?? ''} ${'fghijklmno'[index % 10] ?? ''}${index}`,
    template: index % 2 === 0 ? 'card' : 'refund',
  }));
  const pages = Array.from({ length: 3000 }, (_, index) => cards[index % 4] ?? '').join('. ');
  const rankings = await learn('pages', rows, [ticket(pages)]);
  sane(rankings);
  expect(first(rankings[0])).toBe('card');
});
