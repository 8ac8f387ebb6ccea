/** Profile of a ticket file, streamed. */
import type { DataRow } from '../dataset/data-row.js';
import { textKey } from '../encoder/embedding-cache.js';
import { ticketText } from '../features/ticket-text.js';

export interface Count {
  value: string;
  count: number;
}

export interface DataProfile {
  rows: number;
  /** Labelled with "no template" */
  noneFits: number;
  emptyTexts: number;
  /** Rows with the exact text of an earlier row */
  exactDuplicates: number;
  /** Words of a ticket */
  words: { median: number; p95: number; most: number; histogram: { upTo: number | null; tickets: number }[] };
  /** By the column `language`; without it by the script of the text */
  languages: { by: 'column' | 'writing'; counts: Count[] };
  channels: Count[];
}

/** The last step has no upper edge. */
const edges = [5, 10, 20, 50, 100, 200, 500, 1000, null];
const maxListed = 12;

const scripts = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Thai',
];
const patterns = scripts.map((name) => new RegExp(`\\p{Script=${name}}`, 'gu'));

/** @param onText called for each distinct text */
export async function profileRows(
  rows: AsyncIterable<DataRow>,
  onText: (text: string) => void = () => undefined,
): Promise<DataProfile> {
  const seen = new Set<string>();
  const [languages, written, channels] = [
    new Map<string, number>(),
    new Map<string, number>(),
    new Map<string, number>(),
  ];
  const lengths: number[] = [];
  let [noneFits, emptyTexts, exactDuplicates] = [0, 0, 0];
  for await (const row of rows) {
    const text = ticketText(row);
    const key = textKey(text);
    if (seen.has(key)) exactDuplicates += 1;
    else onText(text);
    seen.add(key);
    if (row.noneFits) noneFits += 1;
    if (!/[\p{L}\p{N}]/u.test(text)) emptyTexts += 1;
    lengths.push(text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0);
    if (row.language) increment(languages, row.language);
    increment(written, mainScript(text));
    if (row.channel) increment(channels, row.channel);
  }
  lengths.sort((a, b) => a - b);
  const at = (share: number): number => lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))] ?? 0;
  const steps = edges.slice(0, 1 + edges.findIndex((edge) => (lengths.at(-1) ?? 0) <= (edge ?? Infinity)));
  const histogram = steps.map((upTo, index) => ({
    upTo,
    tickets: lengths.filter((length) => length <= (upTo ?? Infinity) && length > (edges[index - 1] ?? -1)).length,
  }));
  return {
    rows: lengths.length,
    noneFits,
    emptyTexts,
    exactDuplicates,
    words: { median: at(0.5), p95: at(0.95), most: lengths.at(-1) ?? 0, histogram },
    languages:
      languages.size > 0
        ? { by: 'column', counts: topCounts(languages) }
        : { by: 'writing', counts: topCounts(written) },
    channels: topCounts(channels),
  };
}

/** The script of most letters of a text. */
function mainScript(text: string): string {
  const start = text.slice(0, 500);
  let best = { name: 'none', count: 0 };
  patterns.forEach((pattern, index) => {
    const count = start.match(pattern)?.length ?? 0;
    if (count > best.count) best = { name: scripts[index] ?? '', count };
  });
  return best.name;
}

function increment(counts: Map<string, number>, value: string): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

/** Most frequent first; the tail is summed as `others`. */
function topCounts(counts: Map<string, number>): Count[] {
  const sorted = [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
  const rest = sorted.slice(maxListed).reduce((sum, { count }) => sum + count, 0);
  return [...sorted.slice(0, maxListed), ...(rest > 0 ? [{ value: 'others', count: rest }] : [])];
}
