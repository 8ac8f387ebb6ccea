import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RedactionHints, RedactionLevel } from '../../src/redaction/redaction.js';
import { hash32 } from '../../src/statistics/random.js';

/** A labelled text of bench/service/redaction-examples.txt */
export interface RedactionExample {
  text: string;
  language: string;
  hints: RedactionHints;
  values: { kind: string; start: number; end: number }[];
  /** One of the tenth that is never looked at while patterns are changed */
  isHeldOut: boolean;
}

export const kindsOfLevel: Record<RedactionLevel, readonly string[]> = {
  standard: ['email', 'phone', 'card', 'iban', 'account', 'token'],
  strict: [
    ...['email', 'phone', 'card', 'iban', 'account', 'token'],
    ...['id', 'birthdate', 'address', 'name', 'code', 'ip'],
  ],
};

export function readRedactionExamples(): RedactionExample[] {
  const file = resolve(import.meta.dirname, '../../../bench/service/redaction-examples.txt');
  const source = import.meta.dirname.includes('dist')
    ? file
    : resolve(import.meta.dirname, '../service/redaction-examples.txt');
  return readFileSync(source, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(readExample);
}

function readExample(line: string): RedactionExample {
  const [tag = '', ...rest] = line.split(' | ');
  const [language = '', country = null] = tag.split('-');
  const values: RedactionExample['values'] = [];
  let text = '';
  for (const [part, kind, value = ''] of rest.join(' | ').matchAll(/\[([a-z]+):([^\]]+)\]|[^[]+|\[/g)) {
    if (kind) values.push({ kind, start: text.length, end: text.length + value.length });
    text += kind ? value : part;
  }
  return { text, language, hints: { language, country }, values, isHeldOut: hash32(text) % 10 === 0 };
}
