import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../src/models/random.js';
import { unansweredClusters, worthLabelling } from '../src/monitoring/failing-tickets.js';
import type { Observation } from '../src/monitoring/observation.js';
import { countWords } from '../src/monitoring/typical-words.js';
import { observation } from './support/observations.js';

/** A ticket near one of the axes. */
function near(axis: number, index: number, given: Partial<Observation> = {}): Observation {
  const raw = Float32Array.from({ length: 8 }, (_, at) => (at === axis ? 1 : 0.05 * Math.sin(at + index)));
  const length = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0));
  return observation({ key: `desk:${axis}-${index}`, embedding: raw.map((value) => value / length), ...given });
}

const many = (axis: number, count: number, given: Partial<Observation> = {}): Observation[] =>
  Array.from({ length: count }, (_, index) => near(axis, index, given));

describe('tickets that no template answers', () => {
  test('are grouped by what they are about, with their words', () => {
    const window = [...many(1, 30, { abstained: true }), ...many(2, 20), ...many(3, 40)];
    const outcomes = many(2, 20).map(({ key }) => ({ key, templateId: null }));
    const textOf = (key: string): string => (key.startsWith('desk:1') ? 'my dog is ill' : 'the pool is cold');
    const words = countWords(Array.from({ length: 200 }, () => 'where is my card'));
    const clusters = unansweredClusters({ window, outcomes, textOf, words, random: seeded(1) });
    expect(clusters.map(({ keys }) => keys.length)).toEqual([30, 20]);
    expect(clusters[0]?.words.map(({ word }) => word)).toContain('dog');
    expect(clusters[1]?.words.map(({ word }) => word)).toContain('pool');
  });

  test('are none where all were answered', () => {
    const words = countWords(['a']);
    const question = { window: many(1, 20), outcomes: [], textOf: () => null, words, random: seeded(1) };
    expect(unansweredClusters(question)).toEqual([]);
  });
});

describe('the tickets most worth a label', () => {
  const unsure = { ranking: [{ templateId: 'a', probability: 0.4 }, { templateId: 'b', probability: 0.39 }] }; // prettier-ignore
  const sure = { ranking: [{ templateId: 'a', probability: 0.999 }] };

  test('are those that the model is unsure of, of different kinds', () => {
    const window = [...many(1, 20, unsure), ...many(2, 20, unsure), ...many(3, 60, sure)];
    const chosen = worthLabelling(window, new Set(), { count: 2, random: seeded(4) });
    expect(chosen.map((key) => key.slice(0, 6)).sort()).toEqual(['desk:1', 'desk:2']);
  });

  test('are different ones that have no label, at most as many as asked for', () => {
    const window = [...many(1, 12, unsure), ...many(2, 12)];
    fc.assert(
      fc.property(fc.nat(30), fc.nat(1_000), fc.subarray(window.map(({ key }) => key)), (count, seed, labelled) => {
        const chosen = worthLabelling(window, new Set(labelled), { count, random: seeded(seed) });
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(chosen.length).toBeLessThanOrEqual(count);
        expect(chosen.some((key) => labelled.includes(key))).toBe(false);
      }),
      { numRuns: 40 },
    );
  });
});
