/**
 * The weekly and daily rhythm: blocks of like hours. Where a signal differs between blocks in the reference, a ticket is
 * compared with tickets of its own block only.
 */

const hoursOfABlock = 6;
const blocksOfADay = 24 / hoursOfABlock;
export const blocksOfAWeek = 7 * blocksOfADay;

/** Which hours of the week (UTC) are compared with one another: six hours of a weekday where there are tickets enough. */
export interface TimeBlocks {
  count: number;
  /** [7 days × 4], Sunday's first six hours first */
  blockOf: number[];
}

export const oneBlock: TimeBlocks = { count: 1, blockOf: Array.from({ length: blocksOfAWeek }, () => 0) };

/**
 * @param times when the reference's tickets were written; none where that is not known
 * @param least tickets of a block
 */
export function timeBlocks(times: readonly Date[], least: number): TimeBlocks {
  const tickets = new Float64Array(blocksOfAWeek);
  for (const time of times) {
    const hours = hoursOf(time);
    tickets[hours] = (tickets[hours] as number) + 1;
  }
  const blockOf: number[] = [];
  let count = 0;
  for (let day = 0; day < 7; day += 1) {
    const ofDay = tickets.subarray(day * blocksOfADay, (day + 1) * blocksOfADay);
    // A day with too few tickets for even one block can be compared with nothing of its kind.
    if (ofDay.reduce((sum, some) => sum + some, 0) < least) return oneBlock;
    let filled = 0;
    for (const some of ofDay) {
      if (filled >= least) [count, filled] = [count + 1, 0];
      blockOf.push(count);
      filled += some;
    }
    // The last hours of a day that are too few by themselves belong to those before them.
    const last = blockOf.length - 1;
    if (filled < least && blockOf[last] !== blockOf[day * blocksOfADay]) {
      const few = blockOf[last];
      for (let at = day * blocksOfADay; at <= last; at += 1) if (blockOf[at] === few) blockOf[at] = (few as number) - 1;
    } else count += 1;
  }
  return { count, blockOf };
}

const hoursOf = (time: Date): number =>
  time.getUTCDay() * blocksOfADay + Math.floor(time.getUTCHours() / hoursOfABlock);

/** @param at ms since 1970 */
export function blockAt({ blockOf }: TimeBlocks, at: number): number {
  return blockOf[hoursOf(new Date(at))] ?? 0;
}
