/** What bench/console.ts runs in the page: expressions, because nothing else here knows of a document. */

/** Marks the first frame in which the queue has tickets, as `queue-shown`. */
export const markShown = `{
  const look = () => {
    if (document.querySelector('.queue .row')) performance.mark('queue-shown');
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}`;

/** ms from the request for the page to that frame. */
export const shownAt = `new Promise((resolve) => {
  const look = () => {
    const [mark] = performance.getEntriesByName('queue-shown');
    if (mark) resolve(mark.startTime);
    else requestAnimationFrame(look);
  };
  look();
})`;

/** Addresses of what was loaded. */
export const resources = `performance.getEntriesByType('resource').map(({ name }) => name)`;

export const scrollToTop = `document.querySelector('.queue').scrollTo(0, 0)`;

/** Where the last row that is drawn now stands in the queue, from 1. */
export const scrollToEnd = `{
  const queue = document.querySelector('.queue');
  queue.scrollTo(0, queue.scrollHeight);
  Number([...document.querySelectorAll('.queue li')].at(-1)?.getAttribute('aria-posinset') ?? 0);
}`;

/** Scrolls by a part of the screen each frame: ms between `count` frames. */
export const frameTimes = (count: number): string => `new Promise((resolve) => {
  const queue = document.querySelector('.queue');
  const times = [];
  let last = performance.now();
  const frame = (now) => {
    times.push(now - last);
    last = now;
    queue.scrollBy(0, 300);
    if (times.length <= ${count}) requestAnimationFrame(frame);
    else resolve(times.slice(1));
  };
  requestAnimationFrame(frame);
})`;

/** When a ticket of this subject is shown, ms since 1970. */
export const arrivalOf = (subject: string): string => `new Promise((resolve) => {
  const look = () => {
    const rows = [...document.querySelectorAll('.queue .row-subject')];
    if (rows.some(({ textContent }) => textContent === ${JSON.stringify(subject)})) resolve(Date.now());
    else requestAnimationFrame(look);
  };
  look();
})`;
