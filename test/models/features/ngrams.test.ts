import { describe, expect, test } from 'vitest';
import { NgramCounter } from '../../../src/models/features/ngrams.js';
import { golden } from '../../support/golden.js';

const reference = golden('ngrams') as {
  texts: string[];
  rarity: Record<string, number>;
  rows: Record<string, number>[];
};
const counter = new NgramCounter();
reference.texts.forEach((text) => counter.add(text));
const vocabulary = counter.vocabulary(10_000);

describe('n-grams equal scikit-learn’s TfidfVectorizer', () => {
  test('which there are, and how rare', () => {
    expect([...vocabulary.features].sort()).toEqual(Object.keys(reference.rarity).sort());
    for (const [feature, rarity] of Object.entries(reference.rarity)) {
      expect(vocabulary.idfOf(feature)).toBeCloseTo(rarity, 5);
    }
  });

  test.each(reference.texts.map((text, at) => [text, at] as const))('how much they count in "%s"', (text, at) => {
    const { columns, values } = vocabulary.row(text);
    const found = new Map([...columns].map((column, place) => [vocabulary.features[column] ?? '', values[place]]));
    const expected = reference.rows[at] ?? {};
    expect([...found.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [feature, value] of Object.entries(expected)) expect(found.get(feature)).toBeCloseTo(value, 6);
  });
});
