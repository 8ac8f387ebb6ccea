/** An assessment as a page for people: one file, nothing from another host, no script. */
import type { Assessment } from '../../models/evaluation/assessment.js';
import { barChart, chartStyle, escapeHtml, lineChart } from './charts.js';

const style = `
:root { color-scheme: light dark; --ground: #f4f5f7; --surface: #fff; --text: #1b1d21; --line: #dfe2e7; --quiet: #5c636e; }
@media (prefers-color-scheme: dark) { :root { --ground: #141517; --surface: #1e1f22; --text: #e6e7ea; --line: #34363b;
  --quiet: #a3a8b0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header, section { background: var(--surface); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem;
  margin-bottom: 1rem; }
h1, h2 { line-height: 1.2; margin: 0 0 .6rem; } h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; }
.verdict { font-size: 1.15rem; font-weight: 600; } .quiet { color: var(--quiet); font-size: .9rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .5rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: middle; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.wide table { overflow-wrap: normal; }
.bars th { font-weight: 400; width: 40%; } .bars td.number { width: 5rem; } .bars td, .bars th { border: 0; }
@media (max-width: 40rem) { .bars th { font-size: .85rem; } }
${chartStyle}`;

const names: Record<string, string> = {
  majority: 'Most frequent template',
  textMatch: 'Text of the template',
  ngrams: 'n-grams, linear',
  classMeans: 'Nearest class mean',
};
const writing = { column: 'Language', writing: 'Script' };
const months = {
  setting: 'as set',
  dates: 'from the dates in the file',
  assumed: 'assumed: the file has no dates; set it with --tickets-per-month',
};
const maxTemplates = 25;
const count = (value: number): string => value.toLocaleString('en');

export function assessmentPage(assessment: Assessment): string {
  const { file, verdict } = assessment;
  const list = (items: readonly string[]): string =>
    `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
  const missing = verdict.missing.length > 0 ? `<h2>Missing</h2>${list(verdict.missing)}` : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>Assessment of ${escapeHtml(file)}</title><style>${style}</style></head><body>
<header><h1>ML readiness report: ${escapeHtml(file)}</h1>
<p class="verdict">${escapeHtml(verdict.sentence)}</p>${list(verdict.reasons)}${missing}</header>
${[models, curve, coverage, costs, classes, labels, texts].map((section) => `<section>${section(assessment)}</section>`).join('\n')}
<p class="quiet">Figures are of tickets that the model had not seen: five trainings, each without a fifth of the tickets (one
without a tenth where the history is large); tickets that say the same are held out together. Seed ${assessment.seed}.</p>
</body></html>
`;
}

function models({ heldOut: { model, baselines, tickets } }: Assessment): string {
  const rows = [
    ...baselines.map(({ name, top1, hits3 }) => ({ name: names[name] ?? name, top1, hits3 })),
    { name: 'Replyrank', top1: model.top1, hits3: model.hits3 },
  ];
  const bars = (value: 'top1' | 'hits3') =>
    rows.map((row) => ({ name: row.name, value: row[value], shown: `${row[value]} %` }));
  return (
    `<h2>Baselines</h2>${barChart('Top-1 accuracy', bars('top1'))}` +
    barChart('Top-3 accuracy', bars('hits3')) +
    `<p class="quiet">${count(tickets)} held-out tickets; top-1 accuracy of Replyrank: 95 % confidence interval ${model.low} to ${model.high} %.</p>`
  );
}

function curve({ curve: { points, fitted, forecasts }, labelled }: Assessment): string {
  const rows = forecasts.map(
    ({ moreLabels, gain, low, high }) =>
      `<tr><td class="number">${count(moreLabels)}</td><td class="number">+${gain.toFixed(1)}</td>` +
      `<td class="number">+${low.toFixed(1)} to +${high.toFixed(1)}</td></tr>`,
  );
  const chart = lineChart({
    title: 'Top-1 accuracy by number of training labels',
    xLabel: 'labels',
    yUnit: '%',
    logX: true,
    lines: [
      { name: 'power law', points: fitted.filter(({ labels }) => labels <= labelled).map(toPoint) },
      { name: 'extrapolated', points: fitted.filter(({ labels }) => labels >= labelled).map(toPoint), dashed: true },
    ],
    dots: {
      name: 'trainings',
      points: points.flatMap(({ labels, top1 }) => top1.map((y) => ({ x: labels, y }))),
    },
  });
  return (
    `<h2>Learning curve</h2>${chart}<div class="wide"><table><tr><th class="number">additional labels</th>` +
    `<th class="number">points</th><th class="number">95 % interval</th></tr>${rows.join('')}</table></div>` +
    '<p class="quiet">Each dot is a training, tested on the same tickets. The interval is a bootstrap over trainings and tickets; it captures sampling variance, not distribution shift.</p>'
  );
}

const toPoint = ({ labels, top1 }: { labels: number; top1: number }) => ({ x: labels, y: top1 });

function coverage({ savings, precisionCurve, ticketsPerMonth, minutesPerTicket }: Assessment): string {
  const rows = savings.map(
    (row) =>
      `<tr><td class="number">${100 * row.precision} %</td><td class="number">${row.coverage} %</td>` +
      `<td class="number">${row.achieved === null ? '–' : `${row.achieved} %`}</td>` +
      `<td class="number">${count(row.answeredRight)}</td><td class="number">${count(row.answeredWrong)}</td>` +
      `<td class="number">${count(row.hours)}</td></tr>`,
  );
  const chart = lineChart({
    title: 'Precision of the first suggestion by coverage',
    xLabel: 'tickets answered, the surest first, %',
    yUnit: '%',
    lines: [
      { name: 'held-out tickets', points: precisionCurve.map(({ share, precision }) => ({ x: share, y: precision })) },
    ],
  });
  return (
    `<h2>Coverage and savings</h2>${chart}<div class="wide"><table><tr>` +
    [
      'precision wanted',
      'tickets answered',
      'precision reached',
      'right a month',
      'wrong a month',
      'hours saved a month',
    ]
      .map((name) => `<th class="number">${name}</th>`)
      .join('') +
    `</tr>${rows.join('')}</table></div><p class="quiet">${count(ticketsPerMonth.value)} tickets a month (${months[ticketsPerMonth.from]}), ` +
    `${minutesPerTicket} minutes saved by each right suggestion; a wrong one costs the time to see that it is wrong. The threshold is tuned on one half of the tickets and evaluated on the other.</p>`
  );
}

function costs({ costs: { ways, currency, gpuSpeedup } }: Assessment): string {
  const rows = ways.map(
    ({ way, measured, seconds, pricePerHour, cost }) =>
      `<tr><td>${way}</td><td class="number">${count(Math.ceil(seconds))} s${measured ? '' : ' (assumed)'}</td>` +
      `<td class="number">${pricePerHour} ${escapeHtml(currency)}</td><td class="number">${cost} ${escapeHtml(currency)}</td></tr>`,
  );
  return (
    '<h2>Training cost</h2><div class="wide"><table><tr><th>on</th><th class="number">time</th><th class="number">an hour</th>' +
    `<th class="number">one training</th></tr>${rows.join('')}</table></div><p class="quiet">Recipe “frozen”. Times that are not ` +
    `measured assume that a GPU is ${gpuSpeedup} times faster than this machine (--gpu-speedup); prices are set with --price-cpu-hour, --price-own-gpu-hour and --price-rented-gpu-hour.</p>`
  );
}

function classes({ classes: { templates, for80Percent, fewerThan10, labelsOfThose, counts } }: Assessment): string {
  const bars = counts.slice(0, maxTemplates).map(({ templateId, labels }) => ({ name: templateId, value: labels }));
  const cut = templates > maxTemplates ? ` The chart shows the ${maxTemplates} most frequent.` : '';
  return (
    `<h2>Long tail</h2><p>${count(templates)} templates; ${count(for80Percent)} of them account for 80 % of the labels. ` +
    `${count(fewerThan10)} have fewer than 10 labels (${labelsOfThose} % of all labels).${cut}</p>${barChart('Labels per template', bars)}`
  );
}

function labels({ noise, profile, labelled }: Assessment): string {
  const expected =
    noise.expectedCeiling === null
      ? 'Too few repeated texts to estimate label noise.'
      : `If all texts are as noisy as the repeated ones, the estimated ceiling for any ranker is ${noise.expectedCeiling} %.`;
  return (
    `<h2>Duplicates and label noise</h2><p>${count(labelled)} tickets have a template; ${count(profile.noneFits)} are labelled "no template". ` +
    `${count(profile.exactDuplicates)} are exact duplicates, ${count(noise.nearDuplicates)} near-duplicates (ignoring case, digits, ` +
    `punctuation and word order). Of ${count(noise.repeatedTexts)} repeated texts, ${count(noise.answeredDifferently)} were ` +
    `answered with different templates. Upper bound for any ranker on these tickets: ${noise.ceiling} %. ${expected}</p>`
  );
}

function texts({ profile: { words, languages, channels, emptyTexts, rows }, from, until }: Assessment): string {
  const listed = (all: readonly { value: string; count: number }[]) =>
    all.map((one) => ({ name: one.value, value: one.count }));
  const lengths = words.histogram.map(({ upTo, tickets }) => ({
    name: upTo === null ? 'more' : `up to ${upTo} words`,
    value: tickets,
  }));
  const dates = from && until ? ` From ${from.slice(0, 10)} to ${until.slice(0, 10)}.` : ' No dates.';
  return (
    `<h2>Texts</h2><p>${count(rows)} tickets, ${count(emptyTexts)} without words; median length ${count(words.median)} words, ` +
    `95 % at most ${count(words.p95)}.${dates}</p>${barChart('Length', lengths)}` +
    barChart(writing[languages.by], listed(languages.counts)) +
    (channels.length > 0 ? barChart('Channel', listed(channels)) : '')
  );
}
