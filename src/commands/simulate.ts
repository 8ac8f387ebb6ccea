import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config/config.js';
import { readDate } from '../files/dates.js';
import { readDataFile } from '../models/dataset/data-file.js';
import { wilsonInterval } from '../statistics/intervals.js';
import { decisionSettings } from '../monitoring/decisions/decision-settings.js';
import { gateSettings } from '../retrain/comparison/gate-settings.js';
import type { SimulatedTicket } from '../retrain/simulation/simulated-agents.js';
import { SimulatedModels } from '../retrain/simulation/simulated-models.js';
import { policies, type Policy } from '../retrain/simulation/simulated-story.js';
import { SimulatedTeam } from '../retrain/simulation/simulation.js';
import { type SimulationSettings } from '../retrain/simulation/settings.js';
import { addColumnOptions, columnsOf, type ColumnOptions } from './options/columns.js';
import { progressBar } from './options/progress.js';
import type { PolicyStory } from './reports/simulation-page.js';
import { wholeNumber } from './options/numbers.js';
import { UserError } from './options/user-error.js';
import { modelWorker } from './options/with-model.js';
import { toPercent } from '../statistics/percent.js';

export interface SimulateOptions extends ColumnOptions {
  data: string;
  from?: Date;
  until?: Date;
  policies: Policy[];
  trust: number;
  audit: number;
  seed: number;
  out?: string;
  json?: boolean;
}

const minBefore = 100;

export function registerSimulate(program: Command): void {
  const command = program
    .command('simulate')
    .description('replay months of dated tickets with simulated agents and compare retraining policies')
    .requiredOption('--data <file>', 'labelled tickets with dates: CSV, TSV or JSON Lines with a header')
    .option(
      '--from <date>',
      'start of the simulation; earlier tickets train the first model; default: after one third',
      date,
    )
    .option('--until <date>', 'end of the simulation', date)
    .option('--policies <names>', `comma-separated policies to compare: ${policies.join(', ')}`, policyList, [
      ...policies,
    ])
    .option(
      '--trust <share>',
      'share of tickets on which agents accept the first suggestion unread',
      share('--trust'),
      0,
    )
    .option('--audit <share>', 'share of audit tickets (no suggestion shown)', share('--audit'), 0.02)
    .option('--seed <n>', 'random seed', wholeNumber('--seed'), 1)
    .option('--out <folder>', 'output folder for simulation.html and simulation.json')
    .option('--json', 'print the figures as JSON');
  addColumnOptions(command).action(async (options: SimulateOptions) => {
    const { before, later } = await readTickets(options);
    const stories = await simulate(before, later, options);
    const figures = {
      tickets: later.length,
      from: later[0]?.at.toISOString() ?? null,
      until: later.at(-1)?.at.toISOString() ?? null,
      trainedOn: before.length,
      policies: stories,
    };
    if (options.out !== undefined) {
      await mkdir(options.out, { recursive: true });
      await writeFile(join(options.out, 'simulation.json'), `${JSON.stringify(figures)}\n`);
      // Its charting library takes a second to load.
      const { simulationPage } = await import('./reports/simulation-page.js');
      await writeFile(join(options.out, 'simulation.html'), simulationPage(figures));
    }
    process.stdout.write(options.json ? `${JSON.stringify(figures)}\n` : asText(stories));
  });
}

export async function readTickets(
  options: Pick<SimulateOptions, keyof ColumnOptions | 'data' | 'from' | 'until'>,
): Promise<{ before: SimulatedTicket[]; later: SimulatedTicket[] }> {
  const file = resolve(options.data);
  const tickets: SimulatedTicket[] = [];
  for await (const row of readDataFile(file, columnsOf(options), 'required')) {
    const at = row.occurredAt;
    if (!at) throw new UserError(`${file}:${row.line}: has no date; specify the column with --date-column`);
    if (options.until && at >= options.until) continue;
    const key = row.id ?? `line:${row.line}`;
    tickets.push({ id: tickets.length + 1, key, at, row });
  }
  tickets.sort((a, b) => a.at.getTime() - b.at.getTime() || a.id - b.id);
  const third = tickets[Math.floor(tickets.length / 3)]?.at ?? new Date(0);
  const from = options.from ?? third;
  const before = tickets.filter(({ at }) => at < from);
  const later = tickets.filter(({ at }) => at >= from);
  if (before.length < minBefore || later.length === 0) {
    throw new UserError(
      `${file}: ${before.length} tickets are before ${from.toISOString()}, ${later.length} after; at least ${minBefore} before and one after are required: set --from`,
    );
  }
  return { before, later };
}

async function simulate(
  before: readonly SimulatedTicket[],
  later: readonly SimulatedTicket[],
  options: SimulateOptions,
): Promise<PolicyStory[]> {
  const { policies: wanted, seed, fields = [] } = options;
  const config = readConfig();
  const worker = await modelWorker(config);
  await mkdir(config.MODEL_DIR, { recursive: true });
  const folder = await mkdtemp(join(config.MODEL_DIR, '.simulation-'));
  const cacheDir = join(config.MODEL_DIR, 'cache');
  const models = new SimulatedModels({ worker, folder, cacheDir, fields, seed });
  const settings = simulationSettings(config, options);
  const bar = progressBar('simulated tickets', wanted.length * later.length);
  try {
    bar.update(0, 'training the first model');
    await models.start();
    const first = await models.train(before.map((ticket) => ({ ticket, template: ticket.row.label })));
    const stories: PolicyStory[] = [];
    for (const [index, policy] of wanted.entries()) {
      const team = new SimulatedTeam(policy, models, settings, before, first);
      let done = index * later.length;
      for (const tickets of days(later)) {
        await team.simulateDay(tickets);
        done += tickets.length;
        bar.update(done, `${policy}, ${tickets[0]?.at.toISOString().slice(0, 10)}, ${team.trainings} trainings`);
      }
      stories.push(storyOf(policy, team));
    }
    return stories;
  } finally {
    bar.stop();
    await models.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Decisions, gates and watch are those of the service with this configuration. */
export function simulationSettings(
  config: ReturnType<typeof readConfig>,
  { trust, audit, seed }: Pick<SimulateOptions, 'trust' | 'audit' | 'seed'>,
): SimulationSettings {
  return {
    agents: { trust, auditShare: audit, seed },
    decisions: decisionSettings(config),
    gates: gateSettings(config),
    monitor: {
      minTicketsPerFalseAlarm: config.MONITOR_MIN_TICKETS_PER_FALSE_ALARM,
      minEffect: config.MONITOR_MIN_EFFECT,
    },
    schedule: config.RETRAIN_SCHEDULE,
    labelDays: config.RETRAIN_LABEL_DAYS,
    minTrustedLabels: config.RETRAIN_TRUSTED_LABELS,
  };
}

export function days(tickets: readonly SimulatedTicket[]): SimulatedTicket[][] {
  const byDay = new Map<string, SimulatedTicket[]>();
  for (const ticket of tickets) {
    const day = ticket.at.toISOString().slice(0, 10);
    byDay.set(day, [...(byDay.get(day) ?? []), ticket]);
  }
  return [...byDay.values()];
}

function storyOf(policy: Policy, { months, events, trainings, promotions, alarms }: SimulatedTeam): PolicyStory {
  const sum = (member: 'tickets' | 'correct'): number => months.reduce((total, month) => total + month[member], 0);
  const [low, high] = wilsonInterval(sum('correct'), sum('tickets'));
  const [top1, from, to] = [sum('correct') / Math.max(1, sum('tickets')), low, high].map((value) =>
    toPercent(value),
  ) as [number, number, number];
  return { policy, top1, low: from, high: to, trainings, promotions, alarms, months, events };
}

const asText = (stories: readonly PolicyStory[]): string =>
  stories
    .map(
      ({ policy, top1, low, high, trainings, promotions, alarms }) =>
        `${policy.padEnd(10)} ${top1} % right (${low} to ${high}), ${trainings} trainings, ${promotions} promoted, ${alarms} alarms\n`,
    )
    .join('');

export function date(text: string): Date {
  const value = readDate(text, {}, () => 'either');
  if (value instanceof Date) return value;
  throw new UserError(`"${text}" is not a date in ISO 8601; use the form 2026-11-23 or 2026-11-23T09:14:00Z`);
}

export function share(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value >= 0 && value < 1)) throw new UserError(`${flag}: must be at least 0 and less than 1, not "${text}"`);
    return value;
  };
}

export function policyList(text: string): Policy[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !policies.some((policy) => policy === name));
  if (unknown !== undefined)
    throw new UserError(`--policies: unknown policy "${unknown}"; available: ${policies.join(', ')}`);
  return names as Policy[];
}
