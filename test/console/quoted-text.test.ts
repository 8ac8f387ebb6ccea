import { expect, test } from 'vitest';
import { withoutParts } from '../../console/src/agent/ticket/quoted-text.js';

test('folded quotes take their words along, and the marks stay on the other words', () => {
  const body = 'where is\n> your card\nmy card?\n-- \nAda';
  const word = (start: number, end: number) => ({
    part: 'body' as const,
    start,
    end,
    text: body.slice(start, end),
    weight: 1,
  });
  const parts = [
    { start: 9, end: 21 },
    { start: 30, end: 37 },
  ];
  const words = [word(0, 5), word(16, 20), word(24, 28)];
  expect(words.map(({ text }) => text)).toEqual(['where', 'card', 'card']);
  const folded = withoutParts(body, words, parts);
  expect(folded.text).toBe('where is\nmy card?');
  expect(folded.words.map(({ start, end }) => folded.text.slice(start, end))).toEqual(['where', 'card']);
});
