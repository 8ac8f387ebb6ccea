/**
 * npm run bench -- policies --data FILE [--from DATE] [--until DATE] [--policies never,weekly,drift,decision] [--seeds 1]
 *   [--trust 0] [--audit 0.02] [--text-column …] [--label-column …] [--date-column …]
 *
 * What retraining policies earn on dated tickets, with models that train in seconds.
 *
 * Like `replyrank simulate`: decisions, monitoring, comparison and promotion are the service's own functions with its settings
 * (RETRAIN_SCHEDULE and others). Models are ridge regressions on embeddings. A seed changes the audit tickets and the held-out folds.
 * Intervals cover the sampling of tickets. Prints one JSON line.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { readConfig } from '../../src/config/config.js';
import { ticketText } from '../../src/models/features/ticket-text.js';
import { addColumnOptions } from '../../src/commands/options/columns.js';
import { date, days, policyList, readTickets, share, simulationSettings } from '../../src/commands/simulate.js';
import type { SimulateOptions } from '../../src/commands/simulate.js';
import { wholeNumber } from '../../src/commands/options/numbers.js';
import { meanDifference } from '../../src/statistics/paired-test.js';
import { policies, type Policy } from '../../src/retrain/simulation/simulated-story.js';
import { SimulatedTeam } from '../../src/retrain/simulation/simulation.js';
import { RidgeModels } from './ridge-models.js';
import { benchDir, log } from '../support/service.js';
import { cachedEmbeddings } from '../support/text-embeddings.js';

const command = new Command()
  .requiredOption('--data <file>')
  .option('--from <date>', '', date)
  .option('--until <date>', '', date)
  .option('--policies <names>', '', policyList, [...policies])
  .option('--trust <share>', '', share('--trust'), 0)
  .option('--audit <share>', '', share('--audit'), 0.02)
  .option('--seeds <n>', '', wholeNumber('--seeds'), 1);
const options = addColumnOptions(command).parse().opts<Omit<SimulateOptions, 'seed'> & { seeds: number }>();

const { before, later } = await readTickets(options);
const texts = [...before, ...later].map(({ row }) => ticketText(row));
const { values, size } = await cachedEmbeddings(texts, join(benchDir, 'cache'));
const vectors = new Map(texts.map((text, at) => [text, values.subarray(at * size, (at + 1) * size)]));
const embeddingOf = (text: string): Float32Array => {
  const vector = vectors.get(text);
  if (!vector) throw new Error(`no embedding of "${text}"`);
  return vector;
};

async function playPolicy(policy: Policy, seed: number): Promise<SimulatedTeam> {
  const folder = await mkdtemp(join(benchDir, 'policies-'));
  try {
    const models = new RidgeModels({ embeddingOf, seed, folder });
    const first = await models.train(before.map((ticket) => ({ ticket, template: ticket.row.label })));
    const team = new SimulatedTeam(
      policy,
      models,
      simulationSettings(readConfig(), { ...options, seed }),
      before,
      first,
    );
    const began = performance.now();
    for (const tickets of days(later)) await team.simulateDay(tickets);
    for (const { at, kind, detail } of team.events) log(`bench: ${policy} ${at.slice(0, 10)} ${kind}: ${detail}`);
    log(`bench: ${policy}, seed ${seed}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    return team;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const mean = (some: readonly number[]): number => some.reduce((sum, one) => sum + one, 0) / Math.max(1, some.length);
const percent = (value: number): number => Math.round(10_000 * value) / 100;
/** Percent, with its 95 % interval */
const inPercent = ({ mean: value, low, high }: ReturnType<typeof meanDifference>) => ({
  mean: percent(value),
  interval: [percent(low), percent(high)],
});

interface Result {
  /** Per ticket: the share of seeds on which it was correct */
  right: number[];
  trainings: number;
  promoted: number;
  alarms: number;
}

const results = new Map<Policy, Result>();
for (const policy of options.policies) {
  const teams: SimulatedTeam[] = [];
  for (let seed = 1; seed <= options.seeds; seed += 1) teams.push(await playPolicy(policy, seed));
  results.set(policy, {
    right: later.map((_, at) => mean(teams.map(({ correct }) => Number(correct[at])))),
    trainings: mean(teams.map(({ trainings }) => trainings)),
    promoted: mean(teams.map(({ promotions }) => promotions)),
    alarms: mean(teams.map(({ alarms }) => alarms)),
  });
}

const [decision, weekly] = [results.get('decision'), results.get('weekly')];
const against =
  decision && weekly ? meanDifference(decision.right.map((value, at) => value - (weekly.right[at] ?? 0))) : null;
const { RETRAIN_SCHEDULE: schedule } = readConfig();
process.stdout.write(
  `${JSON.stringify({
    bench: 'policies',
    tickets: later.length,
    trainedOn: before.length,
    from: later[0]?.at.toISOString(),
    until: later.at(-1)?.at.toISOString(),
    seeds: options.seeds,
    trust: options.trust,
    auditShare: options.audit,
    schedule: schedule ?? null,
    policies: Object.fromEntries(
      [...results].map(([policy, { right, ...counts }]) => [policy, { top1: inPercent(meanDifference(right)), ...counts }]),
    ),
    decisionMinusWeekly: against && inPercent(against),
    target: "decision: at least weekly's accuracy with at most half of its trainings",
    met: decision && weekly && against ? against.mean >= 0 && 2 * decision.trainings <= weekly.trainings : null,
  })}\n`,
); // prettier-ignore
