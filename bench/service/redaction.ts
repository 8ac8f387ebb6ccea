/**
 * npm run bench -- redaction [--mistakes]
 *
 * Precision and recall of redaction per kind and level, on made-up labelled texts in ten languages.
 *
 * The texts are bench/service/redaction-examples.txt; a third of them are look-alikes without personal data. A value counts as found
 * if all of its letters and digits are covered; a match counts as right if it covers a labelled value and at most three characters
 * beyond. The tenth of the texts that a hash sets aside is reported separately and was not looked at while the patterns were written;
 * `--mistakes` prints the mistakes on the other texts. Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { findPersonalData, type RedactionLevel } from '../../src/redaction/redaction.js';
import { kindsOfLevel, readRedactionExamples, type RedactionExample } from '../support/redaction-examples.js';
import { log } from '../support/service.js';

const { values: options } = parseArgs({ options: { mistakes: { type: 'boolean', default: false } } });
const tolerance = 3;

interface Counts {
  labelled: number;
  found: number;
  matches: number;
  right: number;
}

const empty = (): Counts => ({ labelled: 0, found: 0, matches: 0, right: 0 });

function count(examples: readonly RedactionExample[], level: RedactionLevel): Map<string, Counts> {
  const counts = new Map<string, Counts>(kindsOfLevel[level].map((kind) => [kind, empty()]));
  const countOf = (kind: string): Counts => counts.get(kind) ?? empty();
  for (const { text, hints, values, isHeldOut } of examples) {
    const spans = findPersonalData(text, hints, level);
    const isCovered = (start: number, end: number): boolean =>
      [...text.slice(start, end).matchAll(/[\p{L}\p{N}]/gu)].every(({ index }) =>
        spans.some((span) => span.start <= start + index && span.end > start + index),
      );
    const note = (what: string, value: string): void => {
      if (options.mistakes && !isHeldOut) log(`${level} ${what}: ${value} in ${text}`);
    };
    for (const { kind, start, end } of values) {
      if (!counts.has(kind)) continue;
      countOf(kind).labelled += 1;
      if (isCovered(start, end)) countOf(kind).found += 1;
      else note(`missed ${kind}`, text.slice(start, end));
    }
    for (const { start, end, marker } of spans) {
      const kind = marker.slice(1, -1);
      const isRight = values.some(
        (value) =>
          start < value.end && end > value.start && value.start - start <= tolerance && end - value.end <= tolerance,
      );
      countOf(kind).matches += 1;
      if (isRight) countOf(kind).right += 1;
      else note(`wrong ${kind}`, text.slice(start, end));
    }
  }
  return counts;
}

const share = (part: number, all: number): number | null => (all === 0 ? null : Math.round((1000 * part) / all) / 10);
const figures = ({ labelled, found, matches, right }: Counts) => ({
  labelled,
  recall: share(found, labelled),
  precision: share(right, matches),
});

function total(counts: Map<string, Counts>): Counts {
  const sum = empty();
  for (const each of counts.values())
    for (const name of ['labelled', 'found', 'matches', 'right'] as const) sum[name] += each[name];
  return sum;
}

const examples = readRedactionExamples();
const heldOut = examples.filter((example) => example.isHeldOut);
const tuned = examples.filter((example) => !example.isHeldOut);
const level = (name: RedactionLevel) => {
  const counts = count(tuned, name);
  return {
    ...figures(total(counts)),
    kinds: Object.fromEntries([...counts].map(([kind, each]) => [kind, figures(each)])),
    heldOut: figures(total(count(heldOut, name))),
  };
};
process.stdout.write(
  `${JSON.stringify({
    bench: 'redaction',
    examples: examples.length,
    heldOutExamples: heldOut.length,
    languages: new Set(examples.map(({ language }) => language)).size,
    standard: level('standard'),
    strict: level('strict'),
  })}\n`,
);
