/** Input that must be fixed at its source: empty bodies, garbled texts, missing or constant fields. */
import type { FieldValue } from '../../models/ranker.js';
import type { Cause } from './cause.js';
import { isGarbled } from '../observations/garbled-text.js';
import type { Observation } from '../observations/observation.js';
import { fisherGreater, proportion, type Count } from '../../statistics/proportions.js';
import type { ReferenceSample } from '../reference/reference-sample.js';
import type { EnglishMessage } from '../../messages/localized-message.js';
import { message } from '../messages.js';

/** A rise counts at this level, corrected for the number of fields, if it is at min `minRise`. */
const level = 1e-3;
const minRise = 0.02;
/** A field is constant if its most frequent value has the first share now, and had at most the second one before. */
const constantShare = 0.98;
const variedShare = 0.9;

/** @param textOf the text of a ticket by its key; null where it was erased */
export function findBrokenInput(
  { tickets: reference, texts }: ReferenceSample,
  window: readonly Observation[],
  textOf: (key: string) => string | null,
): Cause[] {
  const isEmpty = ({ words }: Observation): boolean => words === 0;
  const written = window.flatMap(({ key, words }) => (words === 0 ? [] : (textOf(key) ?? [])));
  const garbled = { hits: written.filter(isGarbled).length, of: written.length };
  const garbledBefore = { hits: texts.garbled, of: texts.words.tickets };
  return [
    ...testRise(
      { kind: 'empty-text', subject: '' },
      countTickets(window, isEmpty),
      countTickets(reference, isEmpty),
      1,
      {
        describe: (change) => message('empty-text', change),
      },
    ),
    ...testRise({ kind: 'garbled-text', subject: '' }, garbled, garbledBefore, 1, {
      describe: (change) => message('garbled-text', change),
    }),
    ...findBrokenFields(reference, window),
  ];
}

function findBrokenFields(reference: readonly Observation[], window: readonly Observation[]): Cause[] {
  const names = fieldNames(reference);
  return names.flatMap((name) => {
    const isMissing = ({ fields }: Observation): boolean => fieldValue(fields[name]) === null;
    const gone = testRise(
      { kind: 'field-gone', subject: name },
      countTickets(window, isMissing),
      countTickets(reference, isMissing),
      names.length,
      { describe: (change) => message('field-gone', { ...change, field: name }) },
    );
    if (gone.length > 0) return gone;
    const [value, share] = mostFrequent(window, name);
    const [, before] = mostFrequent(reference, name);
    if (value === null || share < constantShare || before > variedShare) return [];
    const has = ({ fields }: Observation): boolean => fieldValue(fields[name]) === value;
    return testRise(
      { kind: 'field-constant', subject: name },
      countTickets(window, has),
      countTickets(reference, has),
      names.length,
      {
        describe: (change) => message('field-constant', { ...change, field: name, value }),
      },
    );
  });
}

export function fieldNames(tickets: readonly Observation[]): string[] {
  return [...new Set(tickets.flatMap(({ fields }) => Object.keys(fields)))].sort();
}

export const fieldValue = (value: FieldValue | undefined): string | null =>
  value === null || value === undefined || value === '' ? null : String(value);

function mostFrequent(tickets: readonly Observation[], name: string): [string | null, number] {
  const counts = new Map<string, number>();
  let total = 0;
  for (const { fields } of tickets) {
    const value = fieldValue(fields[name]);
    if (value === null) continue;
    total += 1;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const [best] = [...counts].sort(([, a], [, b]) => b - a);
  return best ? [best[0], best[1] / total] : [null, 0];
}

export function countTickets<T>(tickets: readonly T[], counts: (ticket: T) => boolean): Count {
  return { hits: tickets.filter(counts).length, of: tickets.length };
}

/** A cause if the share has risen significantly and by enough. @param tests number of tests of its kind */
export function testRise(
  named: Pick<Cause, 'kind' | 'subject'>,
  now: Count,
  before: Count,
  tests: number,
  { describe, min = minRise }: { describe: (change: { now: number; before: number }) => EnglishMessage; min?: number },
): Cause[] {
  const change = { now: proportion(now), before: proportion(before) };
  const rise = change.now - change.before;
  const pValue = Math.min(1, tests * fisherGreater(now, before));
  if (pValue > level || rise < min) return [];
  return [{ ...named, share: rise, pValue, ...describe(change) }];
}
