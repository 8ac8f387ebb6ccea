/** Pictures for reports as SVG text: no script, nothing to load; colours come from the page's style. */

export interface Point {
  x: number;
  y: number;
}

export interface LineChart {
  title: string;
  xLabel: string;
  /** Stands behind the numbers of the y axis */
  yUnit: string;
  /** Steps of the x axis are factors, not differences. */
  logX?: boolean;
  lines: { name: string; points: readonly Point[]; dashed?: boolean }[];
  dots?: readonly Point[];
}

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const [width, height] = [640, 320];
const margin = { left: 72, right: 24, top: 14, bottom: 58 };
const round = (value: number): number => Math.round(value * 10) / 10;

export function lineChart({ title, xLabel, yUnit, logX = false, lines, dots = [] }: LineChart): string {
  const all = [...lines.flatMap(({ points }) => points), ...dots];
  if (all.length === 0) return '';
  const scaled = (x: number): number => (logX ? Math.log10(Math.max(x, 1)) : x);
  const [left, right] = bounds(all.map(({ x }) => scaled(x)));
  const [bottom, top] = bounds(all.map(({ y }) => y));
  const toX = (x: number): number =>
    round(margin.left + ((scaled(x) - left) / (right - left)) * (width - margin.left - margin.right));
  const toY = (y: number): number =>
    round(height - margin.bottom - ((y - bottom) / (top - bottom)) * (height - margin.top - margin.bottom));
  const yTicks = ticks(bottom, top);
  const xTicks = logX ? ticksOfFactors(left, right) : ticks(left, right);
  const grid = yTicks.map(
    (y) =>
      `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${toY(y)}" y2="${toY(y)}"/>` +
      `<text x="${margin.left - 8}" y="${toY(y) + 4}" text-anchor="end">${round(y)} ${escapeHtml(yUnit)}</text>`,
  );
  const below = xTicks.map(
    (x) =>
      `<text x="${toX(x)}" y="${height - margin.bottom + 24}" text-anchor="middle">${x.toLocaleString('en')}</text>`,
  );
  const drawn = lines.map(({ points, dashed }, index) => {
    const path = points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${toX(x)} ${toY(y)}`).join('');
    return `<path class="line line-${index}${dashed ? ' dashed' : ''}" d="${path}"/>`;
  });
  const dotted = dots.map(({ x, y }) => `<circle cx="${toX(x)}" cy="${toY(y)}" r="4"/>`);
  const legend = lines.map(({ name }, index) => `<span class="key key-${index}">${escapeHtml(name)}</span>`).join(' ');
  const middle = margin.left + (width - margin.left - margin.right) / 2;
  return (
    `<figure><figcaption>${escapeHtml(title)}</figcaption>` +
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">` +
    [...grid, ...below, ...drawn, ...dotted].join('') +
    `<text x="${middle}" y="${height - 8}" text-anchor="middle">${escapeHtml(xLabel)}</text>` +
    `</svg><p class="legend">${legend}</p></figure>`
  );
}

/** Bars that lie: names at the left have room on a phone too. */
export function barChart(title: string, bars: readonly { name: string; value: number; shown?: string }[]): string {
  const most = Math.max(1e-9, ...bars.map(({ value }) => value));
  const rows = bars.map(
    ({ name, value, shown }) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" ` +
      `aria-hidden="true"><rect width="${round((100 * value) / most)}" height="10"/></svg></td>` +
      `<td class="number">${escapeHtml(shown ?? value.toLocaleString('en'))}</td></tr>`,
  );
  return `<figure><figcaption>${escapeHtml(title)}</figcaption><table class="bars">${rows.join('')}</table></figure>`;
}

/** With some room, so that no point lies on the frame. */
function bounds(values: readonly number[]): [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = (most - least || 1) * 0.04;
  return [least - room, most + room];
}

/** About five round numbers within. */
function ticks(least: number, most: number): number[] {
  const rough = (most - least) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10) * unit;
  const first = Math.ceil(least / step);
  const count = Math.floor(most / step) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(10)));
}

/** 1, 2 and 5 of each power of ten within. */
function ticksOfFactors(least: number, most: number): number[] {
  const powers = Array.from(
    { length: Math.ceil(most) - Math.floor(least) + 1 },
    (_, index) => Math.floor(least) + index,
  );
  return powers
    .flatMap((power) => [1, 2, 5].map((factor) => factor * 10 ** power))
    .filter((value) => Math.log10(value) >= least && Math.log10(value) <= most);
}
