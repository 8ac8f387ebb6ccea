/** The trials of a sweep as a page with ECharts in it: axes that can be brushed, no network. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Trial } from '../../models/training/sweep.js';

const style = `
:root { color-scheme: light dark; } body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
#axes { height: 26rem; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid #8884; }
tr.faded { opacity: .25; }`;

/** Runs in the page. Drag along an axis to keep the trials that cross it there; a click on the axis takes that back. */
const script = `
const { trials, axes } = JSON.parse(document.getElementById('data').textContent);
const chart = echarts.init(document.getElementById('axes'), matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : null);
const losses = trials.map((trial) => trial.at(-1));
chart.setOption({
  animation: false,
  backgroundColor: 'transparent',
  parallel: { left: 60, right: 80 },
  parallelAxis: axes.map((axis, dim) => ({ dim, scale: true, ...axis })),
  visualMap: { show: false, dimension: axes.length - 1, min: Math.min(...losses), max: Math.max(...losses),
    inRange: { color: ['#2563eb', '#c2410c'] } },
  series: { type: 'parallel', lineStyle: { width: 2, opacity: 0.8 }, inactiveOpacity: 0.05, data: trials },
});
const rows = [...document.querySelectorAll('tbody tr')];
chart.on('axisareaselected', () => {
  const active = new Set(chart.getModel().getSeries()[0].getRawIndicesByActiveState('active'));
  rows.forEach((row, index) => row.classList.toggle('faded', active.size > 0 && !active.has(index)));
});
addEventListener('resize', () => chart.resize());`;

const titles = [
  'trial',
  'dense cost',
  'dense steps',
  'sparse cost',
  'n-grams',
  'share of tickets',
  'top-1 %',
  'log-loss',
];
/** Searched on a scale of powers */
const powers = ['dense cost', 'sparse cost'];
const everything = 'all';

export async function sweepPage(finished: readonly Trial[]): Promise<string> {
  const echarts = await readFile(createRequire(import.meta.url).resolve('echarts/dist/echarts.min.js'), 'utf8');
  const sorted = finished.toSorted((a, b) => b.share - a.share || a.logLoss - b.logLoss);
  const rows = sorted.map(({ trial, recipe, share, top1, logLoss }) => {
    const ngrams = recipe.maxNgrams === null ? everything : String(recipe.maxNgrams);
    return [trial, recipe.denseCost, recipe.denseSteps, recipe.sparseCost, ngrams, share, top1, logLoss];
  });
  const limits = [...new Set(rows.map((row) => String(row[4])))].sort(
    (a, b) => (Number(a) || Infinity) - (Number(b) || Infinity),
  );
  const axes = titles.map((name) => {
    if (name === 'n-grams') return { name, type: 'category', data: limits };
    return { name, type: powers.includes(name) ? 'log' : 'value' };
  });
  // The least log-loss first; those that have seen fewer tickets below.
  const cells = rows.map((row) => `<tr>${row.map((value) => `<td>${value}</td>`).join('')}</tr>`);
  const data = JSON.stringify({ trials: rows, axes }).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>Sweep</title><style>${style}</style></head><body>
<h1>Sweep</h1>
<p>Each line is a trial; blue means a low held-out log-loss. Drag along an axis to keep only the trials
that cross it there. Trials that have seen different shares of the tickets can't be compared: brush "share of tickets".</p>
<div id="axes"></div>
<table><thead><tr>${titles.map((title) => `<th>${title}</th>`).join('')}</tr></thead><tbody>${cells.join('\n')}</tbody></table>
<script type="application/json" id="data">${data}</script>
<script>${echarts.replaceAll('</script', '<\\/script')}</script>
<script>${script}</script>
</body></html>
`;
}
