/** The queue as far as it has been loaded, when some of its tickets have changed. */
import type { Page, TicketPath, TicketRow } from './api-types.js';
import { idOf } from './ticket-path.js';

/**
 * Brings what is loaded in line with the first page as it is now: after thousands of tickets have been scrolled past, nobody has to wait
 * for all of them when one arrives.
 *
 * @param changed tickets that have come, gone or become another since
 * @returns null where the first page does not tell all of it
 */
export function withFirstPage(
  pages: readonly Page<TicketRow>[],
  first: Page<TicketRow>,
  changed: readonly TicketPath[],
  sort: 'newest' | 'confidence',
): Page<TicketRow>[] | null {
  if (pages.length < 2 || first.nextCursor === null) return [first];
  const end = first.items.at(-1);
  const at = end === undefined ? -1 : pages.findIndex(({ items }) => items.some((row) => idOf(row) === idOf(end)));
  const [page, ...further] = pages.slice(at);
  if (at < 0 || !end || !page) return null;
  const rest = page.items.slice(page.items.findIndex((row) => idOf(row) === idOf(end)) + 1);
  const told = new Set(first.items.map(idOf));
  const untold = new Set(changed.map(idOf).filter((id) => !told.has(id)));
  // By certainty a ticket may have come to stand anywhere; the newest are the first.
  if (sort !== 'newest' && untold.size > 0) return null;
  const isUntold = (row: TicketRow): boolean => untold.has(idOf(row));
  if (rest.some(isUntold) || further.some(({ items }) => items.some(isUntold))) return null;
  return [{ items: [...first.items, ...rest], nextCursor: page.nextCursor }, ...further];
}
