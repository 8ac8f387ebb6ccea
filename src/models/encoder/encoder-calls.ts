/** Which windows the encoder reads together: as little padding as can be, and every lane with as much to do as the others. */

/** Windows `start` to `end` (not included) of those given. */
export interface Call {
  start: number;
  end: number;
}

/** Tokens that a lane should have to do in one call: with fewer, the calls themselves take the time. */
const minTokensPerLane = 256;
/** Most tokens of a lane in one call, padding counted: more would only fill the caches. */
const maxTokensPerLane = 2048;

/**
 * @param lengths tokens of each window, ascending
 * @returns per call to TensorFlow what each lane reads, at most `lanes`; every window is in one of them
 */
export function planCalls(lengths: readonly number[], lanes: number): Call[][] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const rounds = Math.ceil(total / (lanes * minTokensPerLane));
  let low = 0;
  let high = Math.max(maxTokensPerLane, lengths.at(-1) ?? 0);
  // The least that the fullest lane can have where there are so many rounds; more rounds where that is too much.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fillCalls(lengths, middle, Math.ceil(lengths.length / lanes)).length <= rounds * lanes) high = middle;
    else low = middle;
  }
  const calls = fillCalls(lengths, high, Math.ceil(lengths.length / lanes));
  const planned: Call[][] = [];
  for (let start = 0; start < calls.length; start += lanes) planned.push(calls.slice(start, start + lanes));
  return planned;
}

/** From the longest on: each call takes windows until it has `most` tokens, padding counted, or `mostWindows` windows. */
function fillCalls(lengths: readonly number[], most: number, mostWindows: number): Call[] {
  const calls: Call[] = [];
  let end = lengths.length;
  while (end > 0) {
    const longest = Math.max(1, lengths[end - 1] ?? 1);
    const count = Math.max(1, Math.min(mostWindows, end, Math.floor(most / longest)));
    calls.push({ start: end - count, end });
    end -= count;
  }
  return calls;
}
