/** Plans which windows are encoded together: little padding, and equal work for all lanes. */

/** Windows from `start` to `end`, which is excluded. */
export interface WindowRange {
  start: number;
  end: number;
}

/** Tokens per lane and call below which the overhead of the call dominates */
const minTokensPerLane = 256;
/** Maximum tokens per lane and call, padding included: more do not fit the processor's cache. */
const maxTokensPerLane = 2048;

/**
 * @param lengths tokens of each window, ascending
 * @returns the windows of each lane, per call to TensorFlow; every window is in exactly one
 */
export function planCalls(lengths: readonly number[], lanes: number): WindowRange[][] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const rounds = Math.ceil(total / (lanes * minTokensPerLane));
  let low = 0;
  let high = Math.max(maxTokensPerLane, lengths.at(-1) ?? 0);
  // Binary search for the smallest maximum load of a lane that fits into `rounds` calls.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fillCalls(lengths, middle, Math.ceil(lengths.length / lanes)).length <= rounds * lanes) high = middle;
    else low = middle;
  }
  const calls = fillCalls(lengths, high, Math.ceil(lengths.length / lanes));
  const planned: WindowRange[][] = [];
  for (let start = 0; start < calls.length; start += lanes) planned.push(calls.slice(start, start + lanes));
  return planned;
}

/** Longest first: each call takes windows up to `maxTokens` tokens, padding included, or `maxWindows` windows. */
function fillCalls(lengths: readonly number[], maxTokens: number, maxWindows: number): WindowRange[] {
  const calls: WindowRange[] = [];
  let end = lengths.length;
  while (end > 0) {
    const longest = Math.max(1, lengths[end - 1] ?? 1);
    const count = Math.max(1, Math.min(maxWindows, end, Math.floor(maxTokens / longest)));
    calls.push({ start: end - count, end });
    end -= count;
  }
  return calls;
}
