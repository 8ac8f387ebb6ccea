/** How the queue is sorted and filtered. It stands in the address, so a reload or a link shows the same. */
import { useState } from 'react';

export const filterNames = ['channel', 'language', 'contactType'] as const;
export type FilterName = (typeof filterNames)[number];

export type QueueView = { sort: 'newest' | 'confidence' } & Record<FilterName, string | null>;

export function viewOf(search: string): QueueView {
  const given = new URLSearchParams(search);
  const value = (name: FilterName): string | null => {
    const text = given.get(name) ?? '';
    return text === '' ? null : text.slice(0, 256);
  };
  return {
    sort: given.get('sort') === 'confidence' ? 'confidence' : 'newest',
    channel: value('channel'),
    language: value('language'),
    contactType: value('contactType'),
  };
}

/** What differs from the usual view. */
export function searchOf(view: QueueView): Record<string, string> {
  const filters = filterNames.flatMap((name) => (view[name] === null ? [] : [[name, view[name]] as const]));
  return Object.fromEntries([...(view.sort === 'newest' ? [] : [['sort', view.sort] as const]), ...filters]);
}

export function useQueueView(): [QueueView, (view: QueueView) => void] {
  const [view, setView] = useState(() => viewOf(window.location.search));
  const change = (next: QueueView): void => {
    const search = new URLSearchParams(searchOf(next)).toString();
    window.history.replaceState(window.history.state, '', `${window.location.pathname}${search && `?${search}`}`);
    setView(next);
  };
  return [view, change];
}
