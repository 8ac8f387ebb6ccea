import { describe, expect, test } from 'vitest';
import { seeded } from '../../../src/statistics/random.js';
import { buildLabelQueue, type UnlabelledTicket } from '../../../src/monitoring/labels/label-queue.js';

/** What is worth labelling next, and what no template answers. */

const random = seeded(4);
/** A ticket near one of eight directions. */
function ticket(
  key: string,
  direction: number,
  probability: number,
  more: { text?: string; abstained?: boolean } = {},
) {
  const embedding = new Float32Array(8).map(() => (random() - 0.5) * 0.2);
  embedding[direction] = 1;
  const length = Math.hypot(...embedding);
  const { text = 'where is my card', abstained = false } = more;
  return {
    text,
    observation: {
      key,
      occurredAt: new Date('2026-01-05T10:00:00Z'),
      embedding: embedding.map((value) => value / length),
      ranking: [{ templateId: 't', probability }],
      entropy: 0,
      abstained,
      reason: abstained ? 'unsure' : null,
      contactType: null,
      channel: null,
      language: null,
      fields: {},
      words: 4,
      unknownShare: 0,
      fingerprint: key,
    },
  } satisfies UnlabelledTicket;
}

describe('the tickets to label next', () => {
  test('are those that the model is least sure of, one of each kind before the second of any', () => {
    const tickets = [
      ...[1, 2, 3, 4].map((copy) => ticket(`fee-${copy}`, 0, 0.1)),
      ticket('top-up', 1, 0.4),
      ticket('pin', 2, 0.5),
      ticket('sure', 3, 0.99),
    ];
    const keys = buildLabelQueue(tickets, 3).tickets.map(({ key }) => key);
    expect(keys[0]).toMatch(/^fee/);
    expect(keys.slice(1)).toEqual(['top-up', 'pin']);
  });

  test('come with how unsure the model is; one without words can not be chosen', () => {
    const empty = ticket('empty', 0, 0.1);
    const rows = [{ ...empty, observation: { ...empty.observation, embedding: null } }, ticket('pin', 1, 0.25)];
    expect(buildLabelQueue(rows, 10).tickets).toEqual([{ key: 'pin', uncertainty: 0.75 }]);
  });
});

describe('what no template answers', () => {
  test('is gathered by what it is about, with its words and the tickets that show it best', () => {
    const crypto = Array.from({ length: 12 }, (_, index) =>
      ticket(`crypto-${index}`, 5, 0.2, { text: `send bitcoin to my wallet ${index}`, abstained: true }),
    );
    const stray = ticket('stray', 6, 0.2, { text: 'hello', abstained: true });
    const known = Array.from({ length: 60 }, (_, index) => ticket(`card-${index}`, 0, 0.9));
    const { clusters } = buildLabelQueue([...known, stray, ...crypto], 0);
    expect(clusters).toHaveLength(1);
    expect(clusters[0]?.tickets).toBe(12);
    expect(clusters[0]?.words).toEqual(expect.arrayContaining(['bitcoin', 'wallet']));
    expect(clusters[0]?.examples).toHaveLength(5);
    expect(clusters[0]?.examples.every((key) => key.startsWith('crypto'))).toBe(true);
  });

  test('is told by words that others hardly have: not by common ones, which of these tickets only more have', () => {
    const crypto = Array.from({ length: 12 }, (_, index) =>
      ticket(`crypto-${index}`, 5, 0.2, { text: 'how do i send the bitcoin in my wallet', abstained: true }),
    );
    const others = Array.from({ length: 120 }, (_, index) =>
      ticket(`card-${index}`, 0, 0.9, { text: index % 2 ? 'how do i get my card' : 'the card in my pocket' }),
    );
    const [cluster] = buildLabelQueue([...others, ...crypto], 0).clusters;
    expect(cluster?.words.toSorted()).toEqual(['bitcoin', 'send', 'wallet']);
  });

  test('shows the same text once', () => {
    const text = ['buy bitcoin', 'buy bitcoin', 'sell bitcoin', 'buy bitcoin', 'sell bitcoin', 'buy bitcoin'];
    const asked = text.map((words, at) => ticket(`crypto-${at}`, 5, 0.2, { text: words, abstained: true }));
    const [cluster] = buildLabelQueue(asked, 0).clusters;
    expect(cluster?.tickets).toBe(6);
    expect(cluster?.examples.map((key) => text[Number(key.slice(-1))]).toSorted()).toEqual([
      'buy bitcoin',
      'sell bitcoin',
    ]);
  });

  test('is nothing where the model answers all', () => {
    expect(buildLabelQueue([ticket('a', 0, 0.9), ticket('b', 0, 0.9)], 0).clusters).toEqual([]);
  });
});
