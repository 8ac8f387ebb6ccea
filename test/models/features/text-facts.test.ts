import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../../src/statistics/random.js';
import { textFacts } from '../../../src/models/features/text-facts.js';
import { dropBursts } from '../../../src/monitoring/observations/near-duplicates.js';
import { textSignature } from '../../../src/monitoring/reference/ticket-coding.js';
import { observation } from '../../support/observations.js';

const sample = readFileSync(resolve(import.meta.dirname, '../../../samples/banking77/train.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t') as [string, string]);
/** A random order that is always the same. */
function mixed<T>(items: readonly T[]): T[] {
  const random = seeded(3);
  const placed = items.map((item) => ({ item, place: random() }));
  return placed.sort((a, b) => a.place - b.place).map(({ item }) => item);
}
const counted = (texts: readonly string[]): number =>
  dropBursts(texts, (body) => textSignature(observation(textFacts({ subject: '', body }, null)))).length;

test('short questions of one kind are not copies of one another, much as they have words in common', () => {
  const texts = mixed(sample.map(([text]) => text));
  expect(counted(texts)).toBeGreaterThan(0.995 * texts.length);
  const kinds = [...new Set(sample.map(([, kind]) => kind))].sort().slice(0, 10);
  const similar = mixed(sample.flatMap(([text, kind]) => (kinds.includes(kind) ? text : [])));
  expect(counted(similar)).toBeGreaterThan(0.98 * similar.length);
});

test('a short message that comes over and over is one, whatever its case, punctuation and numbers', () => {
  const copies = ['Payments are down, error 4711', 'payments are down: ERROR 12', 'Error 3! Payments are DOWN …'];
  expect(counted(copies)).toBe(1);
  expect(counted(['Payments are down', 'Payments are late'])).toBe(2);
});

/** Versions of a message: of its words so many are others, and a name stands below. */
function versions(message: string, count: number, others: number, seed: number): string[] {
  const names = sample.flatMap(([text]) => text.split(' ')).slice(0, 400);
  const random = seeded(seed);
  const pick = (): string => names[Math.floor(random() * names.length)] ?? '';
  return Array.from({ length: count }, () => {
    const words = message.split(/\s+/).map((word) => (random() < others ? pick() : word));
    return [...words, pick()].join(' ');
  });
}

test('hundreds of nearly the same message, as in an outage, count as a few', () => {
  const message = `Dear support, since this morning I cannot log in to my account any more. The page says that the service is not
    available and the app closes by itself after a few seconds. Please tell me when it will work again, I have to pay a
    bill today. Best regards`;
  expect(counted(versions(message, 300, 0.05, 1))).toBeLessThan(8);
  // As many messages of their own between the copies change nothing.
  const mixedWithOthers = mixed([...versions(message, 300, 0.05, 2), ...sample.slice(0, 300).map(([text]) => text)]);
  expect(counted(mixedWithOthers)).toBeLessThan(300 + 12);
});

test('whatever the message, if it is long enough: versions that differ in a word in twenty count as a few', () => {
  const word = fc.stringMatching(/^[a-z]{2,9}$/);
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 25, maxLength: 120 }), fc.nat(1_000), (words, seed) => {
      expect(counted(versions(words.join(' '), 100, 0.05, seed))).toBeLessThan(15);
    }),
    { numRuns: 40 },
  );
});
