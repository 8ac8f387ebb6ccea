/** Channels, languages and field values whose share of the tickets has risen. */
import { countTickets, fieldNames, testRise, fieldValue } from './broken-input.js';
import type { Cause, CauseKind } from './cause.js';
import type { Observation } from '../observations/observation.js';
import { message } from '../messages.js';

/** A field with more values is an identifier, whose values mean nothing. */
const maxValues = 200;
const minRise = 0.05;

interface Quantity {
  kind: Extract<CauseKind, 'channel' | 'language' | 'field-value'>;
  name: string;
  read: (observation: Observation) => string | null;
}

/** Whether a cause affects a ticket. */
export function affects({ kind, subject }: Cause): (observation: Observation) => boolean {
  if (kind === 'channel') return ({ channel }) => channel === subject;
  if (kind === 'language') return ({ language }) => language === subject;
  if (kind !== 'field-value') return () => false;
  const [name, value] = splitAtFirst(subject);
  return ({ fields }) => fieldValue(fields[name]) === value;
}

/** @returns at most one for each channel, language and field: the value that has risen most */
export function findRisenValues(reference: readonly Observation[], window: readonly Observation[]): Cause[] {
  const quantities: Quantity[] = [
    { kind: 'channel', name: '', read: ({ channel }) => channel },
    { kind: 'language', name: '', read: ({ language }) => language },
    // A field that the reference does not have has no baseline.
    ...fieldNames(reference).map((name): Quantity => ({
      kind: 'field-value',
      name,
      read: ({ fields }) => fieldValue(fields[name]),
    })),
  ];
  return quantities.flatMap((quantity) => {
    const { kind, name, read } = quantity;
    const values = [...new Set(window.map(read))].filter((value) => value !== null);
    const isNumber = kind === 'field-value' && window.some(({ fields }) => typeof fields[name] === 'number');
    if (values.length > maxValues || isNumber) return [];
    const causes = values.flatMap((value) => {
      const has = (observation: Observation): boolean => read(observation) === value;
      const subject = kind === 'field-value' ? `${name}=${value}` : value;
      return testRise(
        { kind, subject },
        countTickets(window, has),
        countTickets(reference, has),
        values.length * quantities.length,
        {
          describe: (change) => message(kind, { ...change, field: name, value }),
          min: minRise,
        },
      );
    });
    return causes.sort((a, b) => b.share - a.share).slice(0, 1);
  });
}

function splitAtFirst(subject: string): [string, string] {
  const at = subject.indexOf('=');
  return [subject.slice(0, at), subject.slice(at + 1)];
}
