import { expect, test } from 'vitest';
import { confidenceDropDirections, isConfidenceRise } from '../../../src/monitoring/detection/confidence-drop.js';

const effect = (value: number) => ({ value, low: value, high: value, unit: '' });

test.each([
  ['confidence', 0.1, true],
  ['confidence', -0.1, false],
  ['entropy', -0.1, true],
  ['entropy', 0.1, false],
  ['abstention', -0.1, true],
  ['abstention', 0.1, false],
  ['confidence', 0, false],
  ['entropy', 0, false],
  ['words', 0.1, false],
  ['words', -0.1, false],
])('%s moved by %d: the model is surer, %s', (signal, value, surer) =>
  expect(isConfidenceRise({ signal, effect: effect(value) })).toBe(surer),
);

test('less sure is a lower confidence, a higher entropy, and more abstentions', () => {
  expect([...confidenceDropDirections]).toEqual([
    ['confidence', 'lower'],
    ['entropy', 'higher'],
    ['abstention', 'higher'],
  ]);
});
