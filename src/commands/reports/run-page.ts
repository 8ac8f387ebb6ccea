/** One training as a page that needs nothing beside itself: no script, no network. */
import type { RunRecord } from '../../models/training/run-record.js';
import { formatPercent } from '../../statistics/percent.js';
import { chartStyle, escapeHtml as safe, lineChart } from './charts.js';

const maxSlices = 12;
const maxText = 400;

const style = `
:root { color-scheme: light dark; --line: #8884; --ink: light-dark(#1f2937, #e5e7eb); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; }
.figures { display: flex; flex-wrap: wrap; gap: 2rem; } .figures b { display: block; font-size: 1.6rem; }
.quiet { opacity: .7; }${chartStyle}`;

/** @param texts of the tickets that it is most wrongly sure of, by line; null where the data file was not given */
export function runPage(record: RunRecord, texts: ReadonlyMap<number, string> | null): string {
  const { version, heldOut, baselines, data, code, seed, seconds, peakMemoryMb } = record;
  const commit = code.commit ? `, commit ${code.commit.slice(0, 10)}${code.changed ? ' with changes' : ''}` : '';
  const total = Object.values(seconds).reduce((sum, part) => sum + part, 0);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>${safe(`Training ${version}`)}</title><style>${style}</style></head><body>
<h1>Training ${safe(version)}</h1>
<p>${data.rows} tickets of ${safe(data.file)}, ${data.templates} templates, seed ${seed}, ${safe(record.createdAt)}.
<span class="quiet">Replyrank ${safe(code.version + commit)}, Node ${safe(code.node)}, data ${safe(data.hash.slice(0, 16))}.</span></p>
<div class="figures">
${figure(`${heldOut.top1} %`, 'top-1 accuracy, held-out tickets')}
${figure(`${heldOut.hits3} %`, 'top-3 accuracy')}
${figure(heldOut.logLoss.toFixed(3), 'log-loss')}
${figure(`${baselines.nearestMean} %`, 'nearest-centroid baseline, top-1')}
${figure(`${baselines.majority} %`, 'majority-class baseline, top-1')}
</div>
<h2>Diagnosis</h2>${diagnosis(record)}
<h2>Curves</h2>
${lossCurves(record.curves.filter(({ heldOutTop1 }) => !heldOutTop1))}
${encoderCurves(record.curves.filter(({ heldOutTop1 }) => heldOutTop1))}
<h2>Calibration</h2>
<p>15 bins of equal mass by confidence.</p>
${reliability(record.calibration)}
${scope(record)}
<h2>Error analysis</h2>${slices(record)}
<h2>Commonly confused templates</h2>${confusions(record)}
<h2>Suspected label errors (by confidence)</h2>${confidentErrorTable(record, texts)}
<h2>Preflight checks</h2>
${table(
  ['check', 'outcome', 'seen'],
  record.preflight.map(({ check, outcome, seen }) => [check, outcome, seen]),
)}
<h2>Time and memory</h2>
${table(
  ['phase', 'seconds'],
  [...Object.entries(seconds).map(([phase, value]) => [phase, value]), ['all', Math.round(10 * total) / 10]],
)}
<p>At most ${peakMemoryMb} MB of memory.</p>
<h2>Arguments</h2>${table(
    ['name', 'value'],
    Object.entries(record.arguments).map(([name, value]) => [name, JSON.stringify(value)]),
  )}
</body></html>
`;
}

function lossCurves(curves: RunRecord['curves']): string {
  return lineChart({
    title: 'Training loss by step',
    xLabel: 'step',
    // The last one is the model's own training.
    lines: curves.map(({ loss }, at) => ({
      name: at === curves.length - 1 ? 'all tickets' : 'cross-validation folds',
      points: loss.map((y, x) => ({ x, y })),
    })),
  });
}

const reliability = (bins: RunRecord['calibration']): string =>
  lineChart({
    title: 'Reliability',
    xLabel: 'mean confidence',
    yLabel: 'accuracy',
    upTo: 1,
    lines: [
      {
        name: 'perfect calibration',
        dashed: true,
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
    ],
    dots: { name: 'held-out tickets', points: bins.map(({ confidence, right }) => ({ x: confidence, y: right })) },
  });

const toScopePoint = ({ abstentionRecall, answeredRight }: RunRecord['scope'][number]) => ({
  x: abstentionRecall,
  y: answeredRight,
});

function encoderCurves(curves: RunRecord['curves']): string {
  if (curves.length === 0) return '';
  const heldOut = curves.filter(({ heldOutTop1 = [] }) => heldOutTop1.length > 0);
  const epochs = Math.max(...heldOut.map(({ heldOutTop1 = [] }) => heldOutTop1.length), 0);
  return `<p>Fine-tuning: training loss per step, and held-out top-1 accuracy in percent after each epoch.</p>${lossCurves(curves)}
${table(
  ['training', ...Array.from({ length: epochs }, (_, epoch) => `epoch ${epoch + 1}`)],
  heldOut.map(({ training, heldOutTop1 = [] }) => [training, ...heldOutTop1]),
)}`;
}

function diagnosis({ diagnosis: { training, heldOut, ceiling, parts } }: RunRecord): string {
  return `<p>Top-1 accuracy: ${training} % on training tickets, ${heldOut} % on held-out tickets; estimated ceiling (label noise):
${ceiling} %. Remaining errors, and what to try next:</p>
${table(
  ['part', 'points', 'next'],
  parts.map(({ name, points, next }) => [name, points, next]),
)}`;
}

/** Runs of older versions have no such curve. */
function scope({ scope: points = [] }: Partial<RunRecord>): string {
  const [chosen, ...curve] = points;
  if (!chosen) return '';
  return `<h2>Abstention</h2>
<p>Held-out tickets: ${chosen.answeredRight} % of the tickets with a fitting template get the correct first suggestion;
${chosen.abstentionRecall} % of the others get none. The curve shows other thresholds.</p>
${lineChart({
  title: 'Answered correctly by abstention recall',
  xLabel: 'tickets without a fitting template that get no suggestion, %',
  yUnit: '%',
  upTo: 100,
  lines: [{ name: 'other thresholds', points: curve.map(toScopePoint) }],
  dots: { name: 'threshold in use', points: [toScopePoint(chosen)] },
})}`;
}

/** The worst parts with enough tickets to tell. */
function slices({ heldOut }: RunRecord): string {
  const least = Math.max(5, Math.floor(heldOut.rows / 1000));
  return Object.entries(heldOut.slices)
    .filter(([, parts]) => Object.keys(parts).length > 1)
    .map(([kind, parts]) => {
      const enough = Object.entries(parts).filter(([, { rows }]) => rows >= least);
      const worst = enough.sort(([, a], [, b]) => a.top1 - b.top1).slice(0, maxSlices);
      const rows = worst.map(([name, { rows: count, top1, hits3, logLoss }]) => [name, count, top1, hits3, logLoss]);
      return table([`by ${kind}`, 'tickets', 'top-1 %', 'hits@3 %', 'log-loss'], rows);
    })
    .join('<br>');
}

function confusions({ confusions: pairs }: RunRecord): string {
  if (pairs.length === 0) return '<p>None.</p>';
  return table(
    ['label', 'suggested instead', 'tickets'],
    pairs.map(({ label, predicted, count }) => [label, predicted, count]),
  );
}

function confidentErrorTable(
  { confidentErrors: tickets }: RunRecord,
  texts: ReadonlyMap<number, string> | null,
): string {
  if (tickets.length === 0) return '<p>None.</p>';
  const hint = texts ? '' : '<p class="quiet">Pass the training file with --data to see their texts.</p>';
  const rows = tickets.map(({ line, label, predicted, confidence }) => {
    const text = texts ? [(texts.get(line) ?? '').slice(0, maxText)] : [];
    return [line, label, predicted, formatPercent(confidence), ...text];
  });
  return `${hint}${table(['line', 'label', 'predicted', 'confidence', ...(texts ? ['text'] : [])], rows)}`;
}

const figure = (value: string, meaning: string): string => `<div><b>${safe(value)}</b>${safe(meaning)}</div>`;

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string =>
    typeof value === 'number' ? `<td class="number">${value}</td>` : `<td>${safe(value)}</td>`;
  const isNumber = head.map((_, column) => typeof rows[0]?.[column] === 'number');
  const titles = head.map((name, column) => `<th${isNumber[column] ? ' class="number"' : ''}>${safe(name)}</th>`);
  const lines = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  return `<table><thead><tr>${titles.join('')}</tr></thead><tbody>${lines.join('\n')}</tbody></table>`;
}
