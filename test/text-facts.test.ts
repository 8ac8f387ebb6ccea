import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../src/models/random.js';
import { textFacts } from '../src/models/text-facts.js';
import { withoutBursts } from '../src/monitoring/near-duplicates.js';
import { hash53 } from '../src/monitoring/ticket-coding.js';

const sample = readFileSync(resolve(import.meta.dirname, '../samples/banking77/train.tsv'), 'utf8')
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
const fingerprintOf = (body: string): string => textFacts({ subject: '', body }, null).fingerprint;
const counted = (texts: readonly string[]): number =>
  withoutBursts(texts, (text) => hash53(fingerprintOf(text))).length;

test('short questions of one kind are not copies of one another, much as they have words in common', () => {
  const texts = mixed(sample.map(([text]) => text));
  expect(counted(texts)).toBeGreaterThan(0.99 * texts.length);
  const kinds = [...new Set(sample.map(([, kind]) => kind))].sort().slice(0, 10);
  const similar = mixed(sample.flatMap(([text, kind]) => (kinds.includes(kind) ? text : [])));
  expect(counted(similar)).toBeGreaterThan(0.97 * similar.length);
});

test('a short message that comes over and over is one, whatever its case, punctuation and numbers', () => {
  const copies = ['Payments are down, error 4711', 'payments are down: ERROR 12', 'Error 3! Payments are DOWN …'];
  expect(counted(copies)).toBe(1);
  expect(counted(['Payments are down', 'Payments are late'])).toBe(2);
});

test('hundreds of nearly the same message, as in an outage, count as a few', () => {
  const message = `Dear support, since this morning I cannot log in to my account any more. The page says that the service is not
    available and the app closes by itself after a few seconds. Please tell me when it will work again, I have to pay a
    bill today. Best regards`;
  const names = sample.flatMap(([text]) => text.split(' ')).slice(0, 400);
  const random = seeded(1);
  const pick = (): string => names[Math.floor(random() * names.length)] ?? '';
  // One word in twenty is another, and a name stands below.
  const copies = Array.from({ length: 300 }, () => {
    const words = message.split(/\s+/).map((word) => (random() < 0.05 ? pick() : word));
    return [...words, pick()].join(' ');
  });
  expect(counted(copies)).toBeLessThan(75);
});
