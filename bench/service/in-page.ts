/** Code that bench/service/console.ts runs in the page, as strings: the bench itself has no DOM types. */

/** Sets the performance mark `queue-shown` at the first frame with tickets. */
export const markShown = `{
  const look = () => {
    if (document.querySelector('.queue .row')) performance.mark('queue-shown');
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}`;

/** Time from the request of the page to that frame, ms. */
export const shownAt = `new Promise((resolve) => {
  const look = () => {
    const [mark] = performance.getEntriesByName('queue-shown');
    if (mark) resolve(mark.startTime);
    else requestAnimationFrame(look);
  };
  look();
})`;

/** Addresses of loaded resources. */
export const resources = `performance.getEntriesByType('resource').map(({ name }) => name)`;

export const scrollToTop = `document.querySelector('.queue').scrollTo(0, 0)`;

/** Scrolls down; position of the last rendered row in the queue, from 1. */
export const scrollToEnd = `{
  const queue = document.querySelector('.queue');
  queue.scrollTo(0, queue.scrollHeight);
  Number([...document.querySelectorAll('.queue li')].at(-1)?.getAttribute('aria-posinset') ?? 0);
}`;

/** Scrolls by a part of the screen per frame: time between `count` frames, ms. */
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

/** Time at which a ticket with this subject is shown, ms since 1970. */
export const arrivalOf = (subject: string): string => `new Promise((resolve) => {
  const look = () => {
    const rows = [...document.querySelectorAll('.queue .row-subject')];
    if (rows.some(({ textContent }) => textContent === ${JSON.stringify(subject)})) resolve(Date.now());
    else requestAnimationFrame(look);
  };
  look();
})`;
