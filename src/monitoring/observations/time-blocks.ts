/**
 * Weekly and daily seasonality: blocks of similar hours. Where a signal differs between blocks in the reference, a ticket is
 * compared with tickets of its own block only.
 */

const hoursPerBlock = 6;
const blocksPerDay = 24 / hoursPerBlock;
export const blocksPerWeek = 7 * blocksPerDay;

/** Hours of the week (UTC) that are compared with each other: six hours of a weekday where there are enough tickets. */
export interface TimeBlocks {
  count: number;
  /** [7 days × 4], Sunday's first six hours first */
  blockOf: number[];
}

export const singleBlock: TimeBlocks = { count: 1, blockOf: Array.from({ length: blocksPerWeek }, () => 0) };

/**
 * @param times when the reference's tickets were written; empty where unknown
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
    const dayTickets = tickets.subarray(day * blocksPerDay, (day + 1) * blocksPerDay);
    // A day with too few tickets for one block has nothing to compare with, so there is no seasonality.
    if (dayTickets.reduce((sum, some) => sum + some, 0) < minTickets) return singleBlock;
    let filled = 0;
    for (const some of dayTickets) {
      if (filled >= minTickets) [count, filled] = [count + 1, 0];
      blockOf.push(count);
      filled += some;
    }
    // Too small a block at the end of a day joins the one before.
    const last = blockOf.length - 1;
    if (filled < minTickets && blockOf[last] !== blockOf[day * blocksPerDay]) {
      const small = blockOf[last];
      for (let at = day * blocksPerDay; at <= last; at += 1)
        if (blockOf[at] === small) blockOf[at] = (small as number) - 1;
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
