import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fitAbstention, scopeCurve, type HeldOutRow } from '../../../src/models/ranking/abstention.js';
import { fitWeights } from '../../../src/models/heads/combination.js';
import { softmax } from '../../../src/models/ranking/softmax.js';
import { FieldCounter, fieldVector } from '../../../src/models/features/field-features.js';
import { minimise } from '../../../src/statistics/lbfgs.js';
import { scoreRow, trainLinearSvm } from '../../../src/models/heads/linear-svm.js';
import { MetricsCounter } from '../../../src/models/evaluation/metrics.js';
import { NgramCounter } from '../../../src/models/features/ngrams.js';
import type { Ranking } from '../../../src/models/ranker.js';
import { topCandidates } from '../../../src/models/ranking/ranking.js';
import { readSafetensors, writeSafetensors, type Tensor } from '../../../src/models/tensors/safetensors.js';
import { stackSparse } from '../../../src/models/features/sparse-matrix.js';
import { cosine, cosines } from '../../../src/models/features/ticket-features.js';
import { scratchFolder } from '../../support/models.js';

const ranking = (ids: string[], probabilities: number[], more: Partial<Ranking> = {}): Ranking => ({
  items: ids.map((templateId, index) => ({ templateId, probability: probabilities[index] ?? 0 })),
  setSize: 1,
  contactType: null,
  abstained: false,
  reason: null,
  embedding: null,
  entropy: null,
  words: 0,
  unknownShare: null,
  fingerprint: '',
  ...more,
});

describe('the figures of an evaluation', () => {
  test('are those that one gets by hand', () => {
    const counter = new MetricsCounter();
    const add = (label: string | null, answer: Ranking): void => counter.add({ label, contactType: null }, answer);
    add('a', ranking(['a', 'b', 'c'], [0.9, 0.05, 0.05]));
    add('b', ranking(['a', 'b', 'c'], [0.6, 0.3, 0.1], { setSize: 2 }));
    add('c', ranking(['a', 'b', 'd', 'c'], [0.4, 0.3, 0.2, 0.1], { abstained: true, reason: 'unsure' }));
    add('z', ranking(['a', 'b'], [0.5, 0.5]));
    add(null, ranking(['a', 'b'], [0.5, 0.5], { abstained: true, reason: 'out-of-scope' }));
    add(null, ranking(['a', 'b'], [0.5, 0.5]));
    expect(counter.metrics()).toEqual({
      rows: 6,
      top1: 25,
      hits3: 50,
      hits5: 75,
      mrr: 0.4375,
      // a: 2·1 ÷ (4 + 1); b, c and z were never said first.
      macroF1: 10,
      // 0.9 is right: 0.1; 0.6, 0.5 and 0.4 are wrong.
      ece: 0.4,
      answered: 75,
      answeredCorrect: 25,
      abstentionRecall: 50,
      setCoverage: 50,
      setSize: 1.25,
      contactType: null,
      intervals: { top1: [4.56, 69.94], hits3: [15, 85] },
    });
  });

  test('are null where there is nothing to take them from', () => {
    expect(new MetricsCounter().metrics()).toMatchObject({ rows: 0, top1: null, ece: null, abstentionRecall: null });
  });
});

const heldOut = (confidence: number, right: boolean, maxLogit = 1): HeldOutRow => ({
  confidence,
  maxLogit,
  rightProbability: right ? confidence : (1 - confidence) / 2,
  right,
});

describe('abstention', () => {
  test('holds back as few first suggestions as the wanted precision allows', () => {
    const row = fc.tuple(fc.integer({ min: 1, max: 99 }), fc.boolean());
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (raw, precision) => {
          const rows = raw.map(([percent, right]) => heldOut(percent / 100, right));
          const { confidenceThreshold, outOfScopeThreshold } = fitAbstention(rows, precision, 0.9);
          const known = rows.filter(({ maxLogit }) => maxLogit >= outOfScopeThreshold);
          const share = (line: number): number => {
            const shown = known.filter(({ confidence }) => confidence >= line);
            return shown.filter(({ right }) => right).length / shown.length;
          };
          const lines = [...new Set(known.map(({ confidence }) => confidence))];
          const possible = lines.filter((line) => share(line) >= precision);
          if (possible.length > 0) expect(share(confidenceThreshold)).toBeGreaterThanOrEqual(precision);
          for (const line of possible) expect(confidenceThreshold).toBeLessThanOrEqual(line);
        },
      ),
    );
  });

  test('learns from tickets that no template fits what is out of scope', () => {
    const none: HeldOutRow[] = Array.from({ length: 30 }, (_, index) => ({
      confidence: 0.9,
      maxLogit: index / 30,
      rightProbability: null,
      right: false,
    }));
    const some = Array.from({ length: 100 }, (_, index) => heldOut(0.9, true, 2 + index / 100));
    const { outOfScopeThreshold } = fitAbstention([...none, ...some], 0.5, 0.9);
    expect(outOfScopeThreshold).toBeGreaterThan(29 / 30);
    expect(outOfScopeThreshold).toBeLessThanOrEqual(2);
  });

  test('shows what every other line would have given, the one that was drawn first', () => {
    const none = [0, 1, 2, 3].map((maxLogit) => ({ ...heldOut(0.9, false, maxLogit), rightProbability: null }));
    const some = [2, 3, 4, 5].map((maxLogit) => heldOut(0.9, maxLogit !== 4, maxLogit));
    const [chosen, ...curve] = scopeCurve([...none, ...some], 3);
    expect(chosen).toEqual({ answeredRight: 50, abstentionRecall: 75 });
    expect(curve[0]).toEqual({ answeredRight: 75, abstentionRecall: 0 });
    expect(curve.at(-1)).toEqual({ answeredRight: 0, abstentionRecall: 100 });
    expect(scopeCurve(some, 3)).toEqual([]);
  });

  test('makes the set so long that it holds the right one as often as promised', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 50, maxLength: 400 }), (values) => {
        const rows = values.map((value) => ({ confidence: 1, maxLogit: 1, rightProbability: value, right: true }));
        const { conformalThreshold } = fitAbstention(rows, 0.5, 0.9);
        expect(values.filter((value) => value >= conformalThreshold).length / values.length).toBeGreaterThanOrEqual(
          0.9,
        );
      }),
    );
  });
});

describe('the numerics', () => {
  test('find the least of a quadratic function', async () => {
    const coefficient = fc.double({ min: 0.1, max: 50, noNaN: true });
    const place = fc.double({ min: -20, max: 20, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(coefficient, place), { minLength: 1, maxLength: 8 }), async (terms) => {
        const point = new Float64Array(terms.length);
        await minimise(
          (at, gradient) => {
            let value = 0;
            terms.forEach(([scale, least], index) => {
              const distance = (at[index] ?? 0) - least;
              value += 0.5 * scale * distance ** 2;
              gradient[index] = scale * distance;
            });
            return value;
          },
          point,
          { maxSteps: 500, tolerance: 1e-14 },
        );
        terms.forEach(([, least], index) => expect(point[index]).toBeCloseTo(least, 3));
      }),
    );
  });

  test('give probabilities, whatever the scores', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }), (scores) => {
        const probabilities = [...softmax(Float64Array.from(scores))];
        expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        expect(Math.max(...probabilities)).toBe(probabilities[scores.indexOf(Math.max(...scores))]);
      }),
    );
  });

  test('trust the scores that tell something, and not those that are noise', async () => {
    const labels = Int32Array.from({ length: 300 }, (_, row) => row % 3);
    // Right two times of three, and never right for a reason.
    const telling = Float32Array.from({ length: 900 }, (_, at) =>
      at % 3 === (Math.floor(at / 3) + (Math.floor(at / 3) % 9 < 3 ? 1 : 0)) % 3 ? 1 : 0,
    );
    const noise = Float32Array.from({ length: 900 }, (_, at) => Math.sin(at * 7.3));
    const [useful = 0, useless = 0] = await fitWeights({ labels, classes: 3, scores: [telling, noise] });
    expect(useful).toBeGreaterThan(1);
    expect(Math.abs(useless)).toBeLessThan(0.3);
  });

  test('part two kinds of texts by their words', async () => {
    const texts = Array.from({ length: 40 }, (_, index) =>
      index % 2 === 0 ? `card number ${index} is lost` : `refund number ${index} is late`,
    );
    const counter = new NgramCounter();
    texts.forEach((text) => counter.add(text));
    const vocabulary = counter.vocabulary(1000);
    const matrix = stackSparse(
      texts.map((text) => vocabulary.row(text)),
      vocabulary.size,
    );
    const labels = Int32Array.from(texts, (_, index) => index % 2);
    const head = await trainLinearSvm(matrix, labels, Int32Array.from(texts.keys()), 2, { cost: 1, seed: 1 });
    const [card = 0, refund = 0] = scoreRow(head, vocabulary.row('my card was lost'));
    expect(card).toBeGreaterThan(refund);
  });

  test('see a missing field, and take no harm from a value never seen', () => {
    const counter = new FieldCounter(['orders', 'country']);
    const row = (orders: number | null, country: string | null) => ({
      channel: null,
      language: null,
      contactType: null,
      fields: { orders, country },
    });
    for (let index = 0; index < 10; index += 1) counter.add(row(index, index % 2 === 0 ? 'DE' : 'FR'));
    const features = counter.features();
    const vector = (orders: number | null, country: string | null): number[] => [
      ...fieldVector(features, row(orders, country)),
    ];
    expect(vector(1, 'DE')).not.toEqual(vector(8, 'DE'));
    expect(vector(1, 'DE')).not.toEqual(vector(1, 'FR'));
    expect(vector(null, 'DE')).not.toEqual(vector(4.5, 'DE'));
    expect(vector(4.5, 'XX').every((value) => value === 0)).toBe(true);
    expect(vector(1e12, 'DE').every((value) => Math.abs(value) <= 0.5)).toBe(true);
  });
});

describe('many templates', () => {
  const share = fc.constantFrom(0, 0.1, 0.1, 0.25, 1 / 3, 0.9);

  test('the best are those of all in order, the earlier first where two are as likely', () => {
    fc.assert(
      fc.property(fc.array(share, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (shares, most) => {
        const candidates = shares.map((_, place) => ({
          templateId: `t${place}`,
          title: '',
          body: '',
          contactTypes: [],
        }));
        const inOrder = shares
          .map((probability, place) => ({ templateId: `t${place}`, probability }))
          .sort((a, b) => b.probability - a.probability);
        expect(topCandidates(candidates, Float64Array.from(shares), most)).toEqual(inOrder.slice(0, most));
      }),
    );
  });

  test('are each as like a ticket as alone', () => {
    const vector = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(vector, fc.array(vector, { maxLength: 6 }), (ticket, templates) => {
        const [one, all] = [Float32Array.from(ticket), Float32Array.from(templates.flat())];
        const alone = templates.map((template) => cosine(one, Float32Array.from(template)));
        cosines(one, all).forEach((product, place) => expect(product).toBeCloseTo(alone[place] ?? NaN, 5));
      }),
    );
  });
});

describe('weights on disk', () => {
  let scratch: Awaited<ReturnType<typeof scratchFolder>>;
  beforeAll(async () => {
    scratch = await scratchFolder();
  });
  afterAll(() => scratch.remove());

  test('come back as they were written', async () => {
    const tensor = fc
      .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 5 }))
      .chain(([rows, columns]) =>
        fc
          .float32Array({ minLength: rows * columns, maxLength: rows * columns })
          .map((values): Tensor => ({ shape: [rows, columns], values })),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
          { minLength: 1, maxLength: 4 },
        ),
        fc.array(tensor, { minLength: 4, maxLength: 4 }),
        async (names, tensors) => {
          const path = join(scratch.folder, 'w.safetensors');
          const written = new Map(names.map((name, index) => [name, tensors[index] as Tensor]));
          await writeSafetensors(path, written);
          const read = await readSafetensors(path);
          await rm(path);
          expect([...read.keys()].sort()).toEqual([...written.keys()].sort());
          for (const [name, { shape, values }] of written) {
            expect(read.get(name)?.shape).toEqual(shape);
            expect(read.get(name)?.values).toEqual(values);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
