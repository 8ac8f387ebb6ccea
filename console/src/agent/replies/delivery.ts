/** How a reply gets to where the agent sends it from. */

export type Delivery = 'copied' | 'inserted';

/** @returns where the text lies now; null where the browser did not let us */
export type Deliver = (text: string) => Promise<Delivery | null>;

/** Onto the clipboard. A frame may seldom use it, so there the older way goes first, which needs no more than a key or a click. */
export const copyText: Deliver = async (text) => {
  const isFramed = window.parent !== window;
  if (isFramed && copySelection(text)) return 'copied';
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    return !isFramed && copySelection(text) ? 'copied' : null;
  }
};

function copySelection(text: string): boolean {
  const focused = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'copied-from';
  area.setAttribute('aria-hidden', 'true');
  document.body.append(area);
  area.select();
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing has taken its place where a frame has no permission
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
