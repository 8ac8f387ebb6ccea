import { describe, expect, test } from 'vitest';
import german from '../../console/src/messages/service-messages.de.json' with { type: 'json' };
import { messages } from '../../src/monitoring/messages.js';
import { gateMessages } from '../../src/retrain/comparison/gate-messages.js';
import { modelMessages } from '../../src/suggest/versions/model-messages.js';

/** Pages in another language have every message of the service, with the same parameters. */

type Values = Record<string, string>;
type Catalogue = Record<string, (values: never) => string>;

/** A text that can be written as a number. */
const anything = Object.assign(new String('0.5'), { toFixed: () => '0.5' });

/** Names of the values that a sentence is made of. */
function valuesOf(sentence: (values: never) => string): string[] {
  const read = new Set<string>();
  const values: Values = {};
  const watched = new Proxy(values, {
    get: (_, name) => {
      read.add(String(name));
      return anything;
    },
  });
  (sentence as (values: Values) => string)(watched);
  return [...read].toSorted();
}

const gapsOf = (message: string): string[] =>
  [...new Set([...message.matchAll(/{{(\w+)/g)].map(([, name = '']) => name))].toSorted();

describe.each<[string, Catalogue, Record<string, string>]>([
  ['monitor', messages, german.monitor],
  ['gates', gateMessages, german.gates],
  ['models', modelMessages, german.models],
])('the %s', (_, english, translated) => {
  test('is translated whole', () => {
    expect(Object.keys(translated).toSorted()).toEqual(Object.keys(english).toSorted());
  });

  test.each(Object.entries(english))('%s has the same gaps', (key, sentence) => {
    expect(gapsOf(translated[key] ?? '')).toEqual(valuesOf(sentence));
  });
});
