import { useEffect, useEffectEvent } from 'react';

/** What each key does. A key that is held down moves on, but decides once. */
export type Keys = Record<string, { act: () => void; repeats?: boolean }>;

/** Keys for the whole page, except where somebody types. */
export function useKeys(keys: Keys): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    const key = keys[event.key.toLowerCase()];
    if (!key || (event.repeat && !key.repeats)) return;
    event.preventDefault();
    key.act();
  });
  useEffect(() => {
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'));
