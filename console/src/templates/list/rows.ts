/** Which templates a list shows, and in which order. */
import MiniSearch from 'minisearch';
import type { Figures, Template } from '../api.js';
import type { ListView, Selection, SortName } from './list-view.js';

export interface Row {
  template: Template;
  /** null until they are known */
  figures: Figures | null;
}

/** Taken for another one so often, it is worth a look. */
const oftenConfused = 2;

export const isSelected: Record<Selection, (row: Row) => boolean> = {
  all: () => true,
  flagged: ({ figures }) => (figures?.flags ?? 0) > 0,
  confused: ({ figures }) => (figures?.overridden ?? 0) >= oftenConfused,
  unused: ({ template, figures }) =>
    template.state === 'allowed' && figures?.lastUsedAt === null && figures.imported === 0,
};

const usualSort: Record<Selection, { by: SortName | 'overridden' | 'created'; down: boolean }> = {
  all: { by: 'title', down: false },
  flagged: { by: 'flags', down: true },
  confused: { by: 'overridden', down: true },
  unused: { by: 'created', down: false },
};

type Key = string | number | null;

const keys: Record<SortName | 'overridden' | 'created', (row: Row) => Key> = {
  title: ({ template }) => template.title.toLocaleLowerCase(),
  shown: ({ figures }) => figures?.shown ?? null,
  // What is known of few is worth less: the lower end of the interval.
  acceptance: ({ figures }) => figures?.acceptance?.low ?? null,
  used: ({ figures }) => figures?.used ?? null,
  flags: ({ figures }) => figures?.flags ?? null,
  lastUsed: ({ figures }) => figures?.lastUsedAt ?? null,
  overridden: ({ figures }) => figures?.overridden ?? null,
  created: ({ template }) => template.createdAt,
};

/** @param found ids by how well they match what is searched for; null where nothing is */
export function rowsToShow(rows: readonly Row[], view: ListView, found: readonly string[] | null): Row[] {
  const place = found && new Map(found.map((id, at) => [id, at]));
  const wanted = rows.filter(
    (row) =>
      isSelected[view.selection](row) &&
      (view.state === null || row.template.state === view.state) &&
      (place === null || place.has(row.template.id)),
  );
  if (place && view.sort === null) {
    return wanted.toSorted((a, b) => (place.get(a.template.id) ?? 0) - (place.get(b.template.id) ?? 0));
  }
  const { by, down } = view.sort ?? usualSort[view.selection];
  const key = keys[by];
  return wanted.toSorted((a, b) => compared(key(a), key(b), down) || compared(keys.title(a), keys.title(b), false));
}

/** What is not known comes last, whichever way. */
function compared(a: Key, b: Key, down: boolean): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  const order = typeof a === 'string' ? a.localeCompare(String(b)) : a - Number(b);
  return down ? -order : order;
}

/** Finds templates by words of all that they say, which may be mistyped. */
export function searchIn(templates: readonly Template[]): (words: string) => string[] {
  const index = new MiniSearch<Template>({
    fields: ['title', 'body', 'id', 'contactTypes'],
    extractField: (template, name) => {
      const value = template[name as keyof Template];
      return Array.isArray(value) ? value.join(' ') : (value as string);
    },
  });
  index.addAll(templates);
  return (words) =>
    index
      .search(words, {
        prefix: true,
        fuzzy: (term) => (/\d/.test(term) ? false : 0.2),
        boost: { title: 3, id: 2 },
        combineWith: 'AND',
      })
      .map(({ id }) => id as string);
}
