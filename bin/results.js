/**
 * `npm run results`: generates docs/experiments.md from bench/results/ and bench/results-page.json, which declares the rows of
 * the page. `--check` only exits with 1 if the page is out of date.
 * `npm run results -- save NAME -- COMMAND …`: runs a command that is not a bench and stores its last line, a JSON object.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readResults, saveResult } from './result-files.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'experiments.md');

/** @returns the member of `figures` that a JSON Pointer names @throws Error where there is none */
function at(name, figures, pointer) {
  let value = figures;
  for (const member of pointer.split('/').slice(1)) value = value?.[member];
  if (value === undefined || value === null) throw new Error(`bench/results/${name}.json has no ${pointer}`);
  return value;
}

/** A row's figure and interval, from its result; null if it was not measured. */
function measured(row, results) {
  if (row.result === undefined) return null;
  const result = results.get(row.result);
  if (!result) throw new Error(`bench/results/${row.result}.json is missing; "${row.what}" needs it`);
  const value = at(row.result, result.figures, row.figure);
  const [low, high] = row.interval ? at(row.result, result.figures, row.interval) : [value, value];
  return { result, value, low, high };
}

/** A row's target; a bound may be another figure of the same result, times a factor. */
function targetOf({ target, result }, found) {
  const bound = (given) =>
    typeof given === 'string' ? at(result, found.result.figures, given) * (target.factor ?? 1) : given;
  return { ...target, min: bound(target.min), max: bound(target.max) };
}

function verdict(row, found) {
  if (!found) return 'not measured';
  if (!row.target) return 'no target';
  const { min = -Infinity, max = Infinity, bound } = targetOf(row, found);
  const tested = bound ? found[bound] : found.value;
  return tested >= min && tested <= max ? 'met' : '**missed**';
}

/** Replyrank compared with a published figure: level if that lies inside the interval. */
function comparison(row, found) {
  if (!found) return 'not measured';
  const { value } = row.published;
  if (found.low > value) return 'ahead';
  return found.high < value ? 'behind' : 'level';
}

const decimalsOf = (value) => /\.(\d+)$/.exec(String(value))?.[1]?.length ?? 0;

/** Figures of one cell have the same number of decimals: 95.00 (94.17 to 95.72). */
function digits(value, ...beside) {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential();
  const decimals = Math.max(...[value, ...beside].map(decimalsOf));
  return value
    .toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    .replace('-', '−');
}

const withUnit = (text, unit) => (unit ? `${text} ${unit}` : text);

function figureText({ interval, unit }, found) {
  if (!found) return '–';
  const { value, low, high } = found;
  if (!interval) return withUnit(digits(value), unit);
  return `${withUnit(digits(value, low, high), unit)} (${digits(low, value, high)} to ${digits(high, value, low)})`;
}

/** Figures shown below a result: baselines, counts, costs. */
function contextText({ context = [], result, unit }, results) {
  const texts = context.map((beside) => {
    const row = { result, unit, ...beside };
    return `${row.label}: ${figureText(row, measured(row, results))}`;
  });
  return texts.length === 0 ? '' : `<br>${texts.join('; ')}`;
}

function targetText(row, found) {
  if (!row.target) return '–';
  const { min, max } = targetOf(row, found);
  if (max === 0) return '0';
  return min === undefined ? `≤ ${withUnit(digits(max), row.unit)}` : `≥ ${withUnit(digits(min), row.unit)}`;
}

const anchor = (name) => `[\`${name}\`](#${name.replaceAll('.', '')})`;
const table = (heads, rows) =>
  [
    `| ${heads.join(' | ')} |`,
    `|${' --- |'.repeat(heads.length)}`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');

function groupText({ title, intro, rows }, results) {
  const cells = rows.map((row) => {
    const found = measured(row, results);
    const command = found ? anchor(row.result) : '–';
    const figure = figureText(row, found) + contextText(row, results);
    return [row.what, figure, targetText(row, found), verdict(row, found), command, found?.result.date ?? '–'];
  });
  const heads = ['What', 'Result (95 % interval)', 'Target', 'Verdict', 'Command', 'Date'];
  return `## ${title}\n\n${intro}\n\n${table(heads, cells)}\n`;
}

function comparisonText({ title, intro, rows }, results) {
  const cells = rows.map((row) => {
    const found = measured(row, results);
    const published = `${row.published.name}, ${digits(row.published.value)} %`;
    return [
      row.task,
      `\`${row.variant}\``,
      figureText({ ...row, unit: '%' }, found),
      published,
      comparison(row, found),
    ];
  });
  const heads = ['Task', 'Recipe', 'Replyrank (95 % interval)', 'Published', 'Replyrank is'];
  return `## ${title}\n\n${intro}\n\n${table(heads, cells)}\n`;
}

function missedText(groups, results) {
  const lines = groups.flatMap(({ title, rows }) =>
    rows.flatMap((row) => {
      const found = measured(row, results);
      if (verdict(row, found) !== '**missed**') return [];
      return `- ${title}: ${row.what}: ${figureText(row, found)}, target ${targetText(row, found)}`;
    }),
  );
  return `## Missed targets\n\n${lines.join('\n')}\n`;
}

function runText(name, { command, date, machine, load, commit, source, note }) {
  const hardware = [
    `${machine.cores} cores`,
    machine.memoryGb && `${machine.memoryGb} GB`,
    machine.cpu,
    machine.node && `Node ${machine.node.slice(1)}`,
  ];
  const facts = [
    `${date}; ${hardware.filter(Boolean).join(', ')}`,
    load,
    commit && `version ${commit}`,
    source && `transcribed from: ${source}`,
  ];
  const lines = [
    `### ${name}`,
    '',
    '```',
    command,
    '```',
    '',
    `${facts.filter(Boolean).join('; ')}.${note ? ` ${note}` : ''}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The whole page. */
function pageText() {
  const { groups, comparison: compared } = JSON.parse(readFileSync(join(root, 'bench', 'results-page.json'), 'utf8'));
  const results = readResults(root);
  const rows = groups.flatMap((group) => group.rows);
  const context = rows.flatMap((row) => row.context ?? []);
  const used = new Set([...rows, ...context, ...compared.rows].map(({ result }) => result));
  for (const name of results.keys())
    if (!used.has(name)) throw new Error(`no row of the page uses bench/results/${name}.json`);
  const verdicts = rows.map((row) => verdict(row, measured(row, results)));
  const count = (wanted) => verdicts.filter((one) => one === wanted).length;
  const head = `# Results

Generated by \`npm run results\` from [bench/results](../bench/results); do not edit. Each command links to the full command
line and the machine below, with today's option names. [lab-book.md](lab-book.md) records the experiments behind these figures,
failures included.

${rows.length} figures: ${count('met')} meet their target, ${count('**missed**')} miss it, ${count('no target')} have none, ${count('not measured')} are not measured. No figure comes from a GPU.
`;
  const runs = [...results].map(([name, result]) => runText(name, result)).join('\n');
  const parts = [
    head,
    comparisonText(compared, results),
    missedText(groups, results),
    ...groups.map((group) => groupText(group, results)),
    `## Commands and machines\n\n${runs}`,
  ];
  return parts.join('\n');
}

function save([name, ...rest]) {
  const command = rest[0] === '--' ? rest.slice(1) : rest;
  if (!name || command.length === 0) throw new Error('npm run results -- save NAME -- COMMAND …');
  const { status, stdout } = spawnSync(command[0], command.slice(1), { stdio: ['inherit', 'pipe', 'inherit'] });
  process.stdout.write(stdout);
  if (status !== 0) throw new Error(`${command[0]} exited with ${status}; nothing is saved`);
  console.error(saveResult({ root, name, command, printed: String(stdout) }));
}

const [action, ...rest] = process.argv.slice(2);
try {
  if (action === 'save') save(rest);
  else if (action === undefined) writeFileSync(page, pageText());
  else if (action !== '--check') throw new Error(`${action}: expected --check, save, or nothing`);
  else if (readFileSync(page, 'utf8') !== pageText())
    throw new Error('docs/experiments.md is out of date: npm run results');
} catch (error) {
  console.error(`results: ${error.message}`);
  process.exitCode = 1;
}
