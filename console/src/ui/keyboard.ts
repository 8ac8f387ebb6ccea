import { useEffect, useEffectEvent } from 'react';

/** What each key does. A key that is held down moves on, but decides once. */
export type Keys = Record<string, { act: () => void; repeats?: boolean }>;

/** Keys for the whole page, except where somebody types, while a menu or dialog is open, and Enter on what has the focus by keyboard. */
export function useKeys(keys: Keys): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isElsewhere(event.target)) return;
    const name = event.key.toLowerCase();
    const key = keys[name];
    if (!key || (name === 'enter' && isPressed(event.target)) || (event.repeat && !key.repeats)) return;
    event.preventDefault();
    key.act();
  });
  useEffect(() => {
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

/** A menu or dialog that has just opened may not have the focus yet: nothing behind it is meant. */
const isElsewhere = (target: EventTarget | null): boolean =>
  document.querySelector('[role=menu], [aria-modal=true]') !== null ||
  (target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select')));

/** A button or link that was reached by the keyboard is meant itself; the row of the ticket that is open says nothing more. */
const isPressed = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches(':is(button, a, summary):focus-visible:not([aria-current])');

/** Once a key has chosen something, Enter is meant for that, and not for the button that still has the focus. */
export function leaveButton(): void {
  if (isPressed(document.activeElement)) (document.activeElement as HTMLElement).blur();
}
