/** The story of a simulation as a page: accuracy of the policies side by side, the evidence, and what each did when. */
import type { Month, Policy, StoryEvent } from '../../retrain/simulation/simulated-story.js';
import { chartStyle, escapeHtml, lineChart } from './charts.js';

export interface PolicyStory {
  policy: Policy;
  /** Percent of tickets whose first template was right, with its 95 % interval */
  top1: number;
  low: number;
  high: number;
  trainings: number;
  promotions: number;
  alarms: number;
  months: Month[];
  events: StoryEvent[];
}

export interface Simulation {
  tickets: number;
  from: string | null;
  until: string | null;
  /** Tickets that the first model learned from */
  trainedOn: number;
  policies: PolicyStory[];
}

const style = `
:root { color-scheme: light dark; } body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { text-align: left; vertical-align: top; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid #8884; }
.alarm td:nth-child(2) { color: #c2410c; } .training td:nth-child(2) { color: #15803d; } summary { cursor: pointer; font-weight: 600; }
${chartStyle}`;

export function simulationPage({ tickets, from, until, trainedOn, policies }: Simulation): string {
  const day = (date: string | null): string => (date ?? '').slice(0, 10);
  const accuracy = lineChart({
    title: 'Top-1 accuracy by month, percent',
    xLabel: 'months since the first model',
    yUnit: '%',
    lines: policies.map(({ policy, months }) => ({
      name: policy,
      points: months.map(({ tickets, correct }, x) => ({ x, y: (100 * correct) / Math.max(1, tickets) })),
    })),
  });
  const evidence = lineChart({
    title: 'Combined evidence, percent of the alarm threshold, monthly maximum',
    xLabel: 'months since the first model',
    yUnit: '%',
    lines: policies.map(({ policy, months }) => ({
      name: policy,
      points: months.map(({ evidence: value }, x) => ({ x, y: 100 * Math.min(1, value) })),
    })),
  });
  const rows = policies.map(
    (one) =>
      `<tr><th scope="row">${one.policy}</th><td>${one.top1} % (${one.low} to ${one.high})</td><td>${one.trainings}</td>` +
      `<td>${one.promotions}</td><td>${one.alarms}</td></tr>`,
  );
  const stories = policies.map(
    ({ policy, events }, index) =>
      `<details${index === policies.length - 1 ? ' open' : ''}><summary>${policy}: ${events.length} events</summary><table><tbody>` +
      events
        .map(
          ({ at, kind, detail }) =>
            `<tr class="${kind}"><td>${day(at)}</td><td>${kind}</td><td>${escapeHtml(detail)}</td></tr>`,
        )
        .join('') +
      '</tbody></table></details>',
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>Simulation</title><style>${style}</style></head><body>
<h1>Simulation</h1>
<p>${tickets} tickets from ${day(from)} to ${day(until)}, answered by simulated agents; the first model learned from ${trainedOn} before
them. Policies <em>weekly</em> and <em>drift</em> train on all labels and promote without comparison; <em>decision</em> is the built-in policy including promotion gates.</p>
<table><thead><tr><th>policy</th><th>right first templates</th><th>trainings</th><th>promoted</th><th>alarms</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
${accuracy}
${evidence}
${stories.join('\n')}
</body></html>
`;
}
