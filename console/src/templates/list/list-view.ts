/** What the list of templates shows, and in which order. It stands in the address, so a reload or a link shows the same. */
import type { TemplateState } from '../../service/api-types.js';

export const states: readonly TemplateState[] = ['draft', 'allowed', 'blocked', 'retired'];
export const selections = ['all', 'flagged', 'confused', 'unused'] as const;
export type Selection = (typeof selections)[number];
export const sortable = ['title', 'shown', 'acceptance', 'used', 'flags', 'lastUsed'] as const;
export type SortName = (typeof sortable)[number];
/** Days that figures go back: a month, 13 weeks, 52 weeks */
export const periods = [30, 91, 364] as const;

export interface ListView {
  selection: Selection;
  state: TemplateState | null;
  /** null: as the selection or the words that are searched for suggest */
  sort: { by: SortName; down: boolean } | null;
  words: string;
  days: number;
}

export const usualDays = 91;

export function listViewOf(search: string): ListView {
  const given = new URLSearchParams(search);
  const sort = given.get('sort') ?? '';
  const by = sortable.find((name) => name === sort.replace('-', ''));
  return {
    selection: selections.find((name) => name === given.get('show')) ?? 'all',
    state: states.find((name) => name === given.get('state')) ?? null,
    sort: by ? { by, down: sort.startsWith('-') } : null,
    words: (given.get('words') ?? '').slice(0, 200),
    days: periods.find((days) => String(days) === given.get('days')) ?? usualDays,
  };
}

/** With its question mark; empty for the usual view. */
export function searchOf({ selection, state, sort, words, days }: ListView): string {
  const search = new URLSearchParams({
    ...(selection !== 'all' && { show: selection }),
    ...(state && { state }),
    ...(sort && { sort: `${sort.down ? '-' : ''}${sort.by}` }),
    ...(words !== '' && { words }),
    ...(days !== usualDays && { days: String(days) }),
  }).toString();
  return search && `?${search}`;
}
