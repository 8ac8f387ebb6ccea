/** What an agent relies on who has scrolled far down a long queue: it shows what the service would show. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TicketRow } from '../../console/src/service/api-types.js';
import { withFirstPage } from '../../console/src/service/queue-pages.js';

const row = (ticketId: number): TicketRow => ({
  source: 'desk',
  ticketId: String(ticketId),
  subject: '',
  channel: null,
  language: null,
  contactType: null,
  state: 'open',
  sample: false,
  occurredAt: '2026-01-05T10:00:00Z',
  receivedAt: '2026-01-05T10:00:00Z',
  preview: '',
  suggestion: null,
});
/** The queue of tickets, newest first, in pages. */
function pagesOf(tickets: readonly number[], size: number) {
  const newestFirst = tickets.toSorted((a, b) => b - a);
  const starts = Array.from({ length: Math.max(1, Math.ceil(tickets.length / size)) }, (_, page) => page * size);
  return starts.map((start) => ({
    items: newestFirst.slice(start, start + size).map(row),
    nextCursor: start + size < newestFirst.length ? String(newestFirst[start + size - 1]) : null,
  }));
}
const shown = (pages: { items: TicketRow[] }[]) =>
  pages.flatMap(({ items }) => items.map((one) => Number(one.ticketId)));

/** Tickets that were open, how many pages of them are loaded, which have gone since and how many have come. */
const anyDay = fc.record({
  open: fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 6, maxLength: 40 }),
  size: fc.integer({ min: 2, max: 6 }),
  loaded: fc.integer({ min: 1, max: 8 }),
  gone: fc.array(fc.integer({ min: 0, max: 39 }), { maxLength: 3 }),
  come: fc.integer({ min: 0, max: 4 }),
});

describe('a long queue', () => {
  test('shows after a change what the service would show, or is asked for as a whole', () => {
    fc.assert(
      fc.property(anyDay, ({ open, size, loaded, gone, come }) => {
        const pages = pagesOf(open, size).slice(0, loaded);
        const left = new Set(gone.flatMap((at) => open[at] ?? []));
        const arrived = Array.from({ length: come }, (_, at) => 100 + at);
        const now = [...open.filter((ticket) => !left.has(ticket)), ...arrived];
        const first = pagesOf(now, size)[0] ?? { items: [], nextCursor: null };
        const changed = [...left, ...arrived].map((id) => ({ source: 'desk', ticketId: String(id) }));
        const after = withFirstPage(pages, first, changed, 'newest');
        if (after === null) return;
        const newestFirst = now.toSorted((a, b) => b - a);
        expect(shown(after)).toEqual(newestFirst.slice(0, shown(after).length));
        const cursor = after.at(-1)?.nextCursor ?? null;
        const further = cursor === null ? [] : newestFirst.filter((ticket) => ticket < Number(cursor));
        expect([...shown(after), ...further]).toEqual(newestFirst);
      }),
      { numRuns: 300 },
    );
  });

  test('needs its first page alone for a ticket that comes, and for one that is answered on it', () => {
    const open = Array.from({ length: 30 }, (_, at) => at + 1);
    const answer = (now: number[], ...changed: number[]) =>
      withFirstPage(
        pagesOf(open, 10),
        pagesOf(now, 10)[0] ?? { items: [], nextCursor: null },
        changed.map((id) => ({ source: 'desk', ticketId: String(id) })),
        'newest',
      );
    const without = (...ids: number[]): number[] => open.filter((id) => !ids.includes(id));
    expect(shown(answer([...open, 31], 31) ?? [])).toHaveLength(31);
    expect(shown(answer(without(29), 29) ?? [])).toHaveLength(29);
    expect(shown(answer([...without(29), 31], 29, 31) ?? [])).toHaveLength(30);
    expect(answer(without(12), 12)).toBeNull();
  });

  test('by certainty is asked for as a whole when a ticket may have come to stand anywhere', () => {
    const open = Array.from({ length: 30 }, (_, at) => at + 1);
    const [first = { items: [], nextCursor: null }] = pagesOf(open, 10);
    const changed = [{ source: 'desk', ticketId: '31' }];
    expect(withFirstPage(pagesOf(open, 10), first, changed, 'confidence')).toBeNull();
    expect(withFirstPage(pagesOf(open, 10), first, changed, 'newest')).not.toBeNull();
  });
});
