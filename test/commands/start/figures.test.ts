import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quantile, runFigures } from '../../../src/commands/start/figures.js';

const sent = [
  { ticketId: '1', templateId: 'a', sentAt: 0 },
  { ticketId: '2', templateId: 'b', sentAt: 100 },
  { ticketId: '3', templateId: 'c', sentAt: 200 },
  { ticketId: '4', templateId: 'd', sentAt: 300 },
];
const ranking = (...ids: string[]) => ids.map((templateId) => ({ templateId }));

describe('the figures of a run', () => {
  test('count a ticket without a suggestion as lost and as wrong', () => {
    const figures = runFigures(
      sent,
      [
        { ticketId: '1', ranking: ranking('a', 'b'), storedAt: 50 },
        { ticketId: '2', ranking: ranking('a', 'c', 'b'), storedAt: 200 },
        { ticketId: '3', ranking: ranking('a', 'b', 'd', 'c'), storedAt: 2000 },
      ],
      [],
      4,
    );
    expect(figures).toMatchObject({ sent: 4, stored: 4, suggestions: 3, lost: 1, duplicates: 0, top1: 25, hits3: 50 });
    expect(figures.latencyMs.p50).toBe(100);
    expect(figures.ticketsPerSecond).toBe(1.5);
  });

  test('forgive a message that came twice, but not a revision under two names', () => {
    const once = { ticketId: '1', revision: 1, suggestionId: 'x' };
    expect(runFigures(sent, [], [once, once], 4).duplicates).toBe(0);
    expect(runFigures(sent, [], [once, { ...once, suggestionId: 'y' }], 4).duplicates).toBe(1);
    expect(runFigures(sent, [], [once, { ...once, revision: 2, suggestionId: 'y' }], 4).duplicates).toBe(0);
  });
});

test('a quantile lies within the values and grows with its share', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, p, q) => {
        const low = quantile(values, Math.min(p, q));
        const high = quantile(values, Math.max(p, q));
        expect(low).toBeLessThanOrEqual(high + 1e-9);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
        expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
      },
    ),
  );
});
