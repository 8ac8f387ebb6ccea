/** The messages of the agent's and the engineer's pages in every language. */
import { expect, test } from 'vitest';
import german from '../../console/src/messages/de.json' with { type: 'json' };
import engineersGerman from '../../console/src/messages/engineers.de.json' with { type: 'json' };
import engineersEnglish from '../../console/src/messages/engineers.en.json' with { type: 'json' };
import english from '../../console/src/messages/en.json' with { type: 'json' };

test('all languages say the same things, with the same gaps', () => {
  const said = (messages: object, path = ''): string[] =>
    Object.entries(messages).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'string'
        ? [`${path}${key} ${[...value.matchAll(/{{\w+}}/g)].map(String).toSorted().join(' ')}`]
        : said(value as object, `${path}${key}.`),
    );
  expect(said(german)).toEqual(said(english));
  expect(said(engineersGerman)).toEqual(said(engineersEnglish));
});
