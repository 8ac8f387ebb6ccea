/** Banking77's tickets, and a seeded split into training tickets and others. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { seeded } from '../../src/statistics/random.js';
import type { TicketRow } from './rankings.js';

const samples = resolve(import.meta.dirname, '../../../samples/banking77');

export function bankingRows(part: 'train' | 'test'): TicketRow[] {
  return readFileSync(`${samples}/${part}.tsv`, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [text = '', templateId = ''] = line.split('\t');
      return { text, templateId };
    });
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const all = [...items];
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}

/** @returns `each` rows per template, and the rest */
export function splitPerTemplate(
  rows: readonly TicketRow[],
  each: number,
  seed: number,
): { taken: TicketRow[]; left: TicketRow[] } {
  const counts = new Map<string | null, number>();
  const [taken, left]: [TicketRow[], TicketRow[]] = [[], []];
  for (const row of shuffled(rows, seeded(seed))) {
    const count = counts.get(row.templateId) ?? 0;
    counts.set(row.templateId, count + 1);
    (count < each ? taken : left).push(row);
  }
  return { taken, left };
}
