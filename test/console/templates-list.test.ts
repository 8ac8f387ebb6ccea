/** What the lead's pages are made of, without a browser. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import german from '../../console/src/messages/templates.de.json' with { type: 'json' };
import english from '../../console/src/messages/templates.en.json' with { type: 'json' };
import {
  listViewOf,
  periods,
  searchOf,
  selections,
  sortable,
  states,
} from '../../console/src/templates/list/list-view.js';
import { placeholderProblems } from '../../console/src/templates/editing/placeholder-check.js';

test('both languages say the same things, with the same gaps', () => {
  const said = (messages: object, path = ''): string[] =>
    Object.entries(messages).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'string'
        ? [`${path}${key} ${[...value.matchAll(/{{\w+}}/g)].map(String).toSorted().join(' ')}`]
        : said(value as object, `${path}${key}.`),
    );
  expect(said(german)).toEqual(said(english));
});

test('every view of the list can be told by its address', () => {
  const view = fc.record({
    selection: fc.constantFrom(...selections),
    state: fc.constantFrom(...states, null),
    sort: fc.option(fc.record({ by: fc.constantFrom(...sortable), down: fc.boolean() })),
    words: fc.string({ maxLength: 50 }),
    days: fc.constantFrom(...periods),
  });
  fc.assert(
    fc.property(view, (one) => {
      expect(listViewOf(searchOf(one))).toEqual(one);
    }),
  );
});

test('a text with only known placeholders has no problem, whatever else it says', () => {
  const known = ['customer.firstName', 'card.last4'];
  const words = fc.string().map((text) => text.replace(/[{}]/g, ''));
  const piece = fc.oneof(words, fc.constantFrom('{{customer.firstName}}', '{{ card.last4 }}'));
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      expect(placeholderProblems(pieces.join(''), known)).toEqual({ unknown: [], broken: [] });
    }),
  );
});
