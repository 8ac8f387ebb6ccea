/**
 * Charts for reports, drawn as SVG by ECharts without a browser: no script, nothing to load. Colours are variables of the page's
 * style, so that one picture fits light and dark.
 */
import { init, type EChartsOption, type SeriesOption } from 'echarts';

export interface Point {
  x: number;
  y: number;
}

export interface LineChart {
  title: string;
  xLabel: string;
  /** Left out, the title says it */
  yLabel?: string;
  /** Written behind the numbers of the y axis */
  yUnit?: string;
  /** Both axes from 0 to this, not to what the data need */
  upTo?: number;
  logX?: boolean;
  /** Lines of one name share a colour and an entry of the legend. */
  lines: readonly { name: string; points: readonly Point[]; dashed?: boolean }[];
  dots?: { name: string; points: readonly Point[] };
}

/** Belongs into the style of a page with charts, whose root has `color-scheme: light dark`. */
export const chartStyle = `
:root { --chart-line: #8884; --chart-0: light-dark(#364fc7, #91a7ff); --chart-1: light-dark(#c2410c, #ffa94d);
  --chart-2: light-dark(#15803d, #69db7c); --chart-3: light-dark(#6b7280, #adb5bd); }
figure { margin: 1rem 0 0; } figcaption { font-weight: 600; margin-bottom: .4rem; }
figure svg { max-width: 100%; height: auto; display: block; }
svg.bar { width: 100%; height: .9rem; } svg.bar rect { fill: var(--chart-0); }`;

const colours = 4;
const [width, height] = [720, 340];
const text = { color: 'currentColor', fontFamily: 'system-ui, sans-serif', fontSize: 13 };

export const escapeHtml = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export function lineChart(chart: LineChart): string {
  const { title, lines, dots = { name: '', points: [] } } = chart;
  if (dots.points.length === 0 && lines.every(({ points }) => points.length === 0)) return '';
  const drawn = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    drawn.setOption(optionsOf(chart));
    const svg = drawn.renderToSVGString().replace('<svg', `<svg role="img" aria-label="${escapeHtml(title)}"`);
    return `<figure><figcaption>${escapeHtml(title)}</figcaption>${svg}</figure>`;
  } finally {
    drawn.dispose();
  }
}

function optionsOf({ xLabel, yLabel, yUnit = '', upTo, logX = false, lines, dots }: LineChart): EChartsOption {
  const names = [...new Set([...lines.map(({ name }) => name), ...(dots ? [dots.name] : [])])];
  const colourOf = (name: string): string => `var(--chart-${names.indexOf(name) % colours})`;
  const pairs = (points: readonly Point[]): [number, number][] => points.map(({ x, y }) => [x, y]);
  const axis = {
    scale: true,
    max: upTo,
    min: upTo === undefined ? undefined : 0,
    nameTextStyle: text,
    axisLabel: text,
    axisLine: { show: true, lineStyle: { color: 'var(--chart-line)' } },
    splitLine: { lineStyle: { color: 'var(--chart-line)' } },
  };
  const series: SeriesOption[] = lines.map(({ name, points, dashed }) => ({
    type: 'line',
    name,
    data: pairs(points),
    symbol: 'none',
    color: colourOf(name),
    lineStyle: { width: 2, type: dashed ? 'dashed' : 'solid' },
  }));
  if (dots)
    series.push({
      type: 'scatter',
      name: dots.name,
      data: pairs(dots.points),
      color: colourOf(dots.name),
      symbolSize: 8,
    });
  return {
    animation: false,
    silent: true,
    grid: {
      left: 12,
      right: 24,
      top: yLabel === undefined ? 16 : 36,
      bottom: names.length > 1 ? 62 : 34,
      containLabel: true,
    },
    legend: { show: names.length > 1, bottom: 0, itemGap: 36, textStyle: text },
    xAxis: { ...axis, type: logX ? 'log' : 'value', name: xLabel, nameLocation: 'middle', nameGap: 30 },
    yAxis: {
      ...axis,
      type: 'value',
      name: yLabel,
      axisLabel: { ...text, formatter: `{value}${yUnit && ` ${yUnit}`}` },
    },
    series,
  };
}

/** Horizontal bars in a table, whose names have room on a phone too. */
export function barChart(title: string, bars: readonly { name: string; value: number; shown?: string }[]): string {
  const most = Math.max(1e-9, ...bars.map(({ value }) => value));
  const rows = bars.map(
    ({ name, value, shown }) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" ` +
      `aria-hidden="true"><rect width="${((100 * value) / most).toFixed(1)}" height="10"/></svg></td>` +
      `<td class="number">${escapeHtml(shown ?? value.toLocaleString('en'))}</td></tr>`,
  );
  return `<figure><figcaption>${escapeHtml(title)}</figcaption><table class="bars">${rows.join('')}</table></figure>`;
}
