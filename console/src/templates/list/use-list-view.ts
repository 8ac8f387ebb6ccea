import { useState } from 'react';
import { listViewOf, searchOf, type ListView } from './list-view.js';

export function useListView(): [ListView, (change: Partial<ListView>) => void] {
  const [view, setView] = useState(() => listViewOf(window.location.search));
  const change = (part: Partial<ListView>): void => {
    const next = { ...view, ...part };
    window.history.replaceState(window.history.state, '', `${window.location.pathname}${searchOf(next)}`);
    setView(next);
  };
  return [view, change];
}
