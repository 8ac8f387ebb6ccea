/**
 * The weekly and daily rhythm: blocks of like hours. Where a signal differs between blocks in the reference, a ticket is
 * compared with tickets of its own block only.
 */

const hoursPerBlock = 6;
const blocksPerDay = 24 / hoursPerBlock;
export const blocksPerWeek = 7 * blocksPerDay;

/** Which hours of the week (UTC) are compared with one another: six hours of a weekday where there are tickets enough. */
export interface TimeBlocks {
  count: number;
  /** [7 days × 4], Sunday's first six hours first */
  blockOf: number[];
}

export const singleBlock: TimeBlocks = { count: 1, blockOf: Array.from({ length: blocksPerWeek }, () => 0) };

/**
 * @param times when the reference's tickets were written; none where that is not known
 * @param minTickets tickets of a block
 */
export function fitTimeBlocks(times: readonly Date[], minTickets: number): TimeBlocks {
  const tickets = new Float64Array(blocksPerWeek);
  for (const time of times) {
    const hours = sixHoursOfWeek(time);
    tickets[hours] = tickets[hours]! + 1;
  }
  const blockOf: number[] = [];
  let count = 0;
  for (let day = 0; day < 7; day += 1) {
    const ofDay = tickets.subarray(day * blocksPerDay, (day + 1) * blocksPerDay);
    // A day with too few tickets for even one block can be compared with nothing of its kind.
    if (ofDay.reduce((sum, some) => sum + some, 0) < minTickets) return singleBlock;
    let filled = 0;
    for (const some of ofDay) {
      if (filled >= minTickets) [count, filled] = [count + 1, 0];
      blockOf.push(count);
      filled += some;
    }
    // The last hours of a day that are too few by themselves belong to those before them.
    const last = blockOf.length - 1;
    if (filled < minTickets && blockOf[last] !== blockOf[day * blocksPerDay]) {
      const few = blockOf[last];
      for (let at = day * blocksPerDay; at <= last; at += 1) if (blockOf[at] === few) blockOf[at] = (few as number) - 1;
    } else count += 1;
  }
  return { count, blockOf };
}

const sixHoursOfWeek = (time: Date): number =>
  time.getUTCDay() * blocksPerDay + Math.floor(time.getUTCHours() / hoursPerBlock);

/** @param at ms since 1970 */
export function blockAt({ blockOf }: TimeBlocks, at: number): number {
  return blockOf[sixHoursOfWeek(new Date(at))] ?? 0;
}
