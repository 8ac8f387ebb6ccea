import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { seeded } from '../../src/statistics/random.js';

/**
 * `count` distinct texts of realistic length: tickets of the sample with two words replaced by words of other tickets, and a
 * number appended. No cache can hold one of them before.
 */
export function distinctTexts(count: number, seed: number): string[] {
  const file = resolve(import.meta.dirname, '../../../samples/banking77/train.tsv');
  const texts = readFileSync(file, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0] ?? '')
    .filter(Boolean);
  const words = texts.flatMap((text) => text.split(' '));
  const random = seeded(seed);
  const pick = <T>(list: T[]): T => list[Math.floor(random() * list.length)] as T;
  return Array.from({ length: count }, (_, index) => {
    const text = pick(texts).split(' ');
    for (let change = 0; change < 2; change += 1) text[Math.floor(random() * text.length)] = pick(words);
    return `${text.join(' ')} (${index})`;
  });
}
