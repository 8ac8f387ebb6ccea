import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseGlossary } from '../../console/src/ui/glossary/parse.js';
import { glossaryTerms } from '../../console/src/ui/glossary/terms.js';

const entriesOf = (file: string) =>
  parseGlossary(readFileSync(`docs/${file}`, 'utf8')).flatMap(({ entries }) => entries);
const english = entriesOf('glossary.md');
const german = entriesOf('glossary.de.md');

describe('the glossary', () => {
  test('has the same entries in both languages', () => {
    expect(german.map(({ id }) => id)).toEqual(english.map(({ id }) => id));
    expect(new Set(english.map(({ id }) => id)).size).toBe(english.length);
  });

  test('has an entry for every figure of the pages', () => {
    expect(glossaryTerms.filter((term) => !english.some(({ id }) => id === term))).toEqual([]);
  });

  test.each([...english, ...german])('defines $term', ({ blocks }) => {
    expect(blocks.length).toBeGreaterThan(0);
    for (const { items } of blocks) for (const spans of items) expect(spans.length).toBeGreaterThan(0);
  });

  test('has a formula in German where there is one in English', () => {
    const formulas = (entries: typeof english, word: string): string[] =>
      entries
        .filter(({ blocks }) => blocks.some(({ items }) => items[0]?.[0]?.text.startsWith(word)))
        .map(({ id }) => id);
    expect(formulas(german, 'Formel:')).toEqual(formulas(english, 'Formula:'));
  });
});
