/** 95 % interval of a share that was seen on so many rows (Wilson 1927), in percent. */
export function shareInterval(share: number, count: number): [number, number] {
  if (count === 0) return [0, 100];
  const z = 1.96;
  const centre = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  const percent = (value: number): number => Math.round(10_000 * value) / 100;
  return [percent(centre - half), percent(centre + half)];
}
