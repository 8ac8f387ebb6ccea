import { Option, type Command } from 'commander';
import { minCanaryShare } from '../config/retrain-variables.js';
import { VersionsService, type RolloutRow } from '../suggest/versions/versions.service.js';
import { UserError } from './options/user-error.js';
import { withDatabase } from './options/with-database.js';

const actor = 'command line';

interface Json {
  json?: boolean;
}

const withModels = <T>(work: (models: VersionsService) => Promise<T>): Promise<T> =>
  withDatabase((source, config) => work(new VersionsService(source, config)));

/** Running replicas hear of each change from the database, and follow by themselves. */
export function registerModels(program: Command): void {
  const models = program.command('models').description('manage model versions and rollouts');
  const json = (): Option => new Option('--json', 'print as JSON');
  const print = ({ json: asJson }: Json, answer: object, text: string): void =>
    void process.stdout.write(`${asJson ? JSON.stringify(answer) : text}\n`);
  const printRollout = (options: Json, row: RolloutRow): void => {
    const share = row.mode === 'canary' ? ` of ${row.share * 100} % of the tickets` : '';
    print(options, row, `${row.version} ranks as ${row.mode}${share}`);
  };
  const champion = (version: string | null): string =>
    `champion: ${version ?? 'none (ranking by the text of the templates)'}`;

  models
    .command('list')
    .description('list versions, newest first, and active rollouts')
    .addOption(json())
    .action(async (options: Json) => {
      const { rollouts, items } = await withModels(async (service) => ({
        rollouts: await service.rollouts(),
        items: await service.list(),
      }));
      const rollout = rollouts.find(({ endedAt }) => endedAt === null) ?? null;
      const lines = items.map(({ version, createdAt, aliases }) =>
        [version, createdAt.toISOString(), ...aliases].join('\t'),
      );
      if (rollout)
        lines.push(`${rollout.version} ranks as ${rollout.mode}; ${rollout.result ?? 'no tickets compared yet'}`);
      print(options, { rollout, items }, lines.join('\n'));
    });
  models
    .command('promote')
    .argument('<version>')
    .description('promote a version to champion; ends active rollouts')
    .addOption(json())
    .action(async (version: string, options: Json) => {
      const answer = await withModels((service) => service.promote(version, actor));
      print(options, answer, champion(answer.champion));
    });
  models
    .command('rollback')
    .description('end the active rollout; without one, restore the previous champion')
    .addOption(json())
    .action(async (options: Json) => {
      const answer = await withModels((service) => service.rollback(actor));
      print(options, answer, champion(answer.champion));
    });
  models
    .command('shadow')
    .argument('<version>')
    .description('rank every ticket with a version as well, without showing its suggestions')
    .addOption(json())
    .action(async (version: string, options: Json) =>
      printRollout(options, await withModels((service) => service.startRollout(version, { mode: 'shadow', actor }))),
    );
  models
    .command('canary')
    .argument('<version>')
    .description('rank a share of the tickets with a version instead of the champion')
    .option('--share <s>', 'share of tickets, 0.001 to 1; default: RETRAIN_CANARY_SHARE', share)
    .addOption(json())
    .action(async (version: string, options: Json & { share?: number }) => {
      const order = { mode: 'canary', share: options.share, actor } as const;
      printRollout(options, await withModels((service) => service.startRollout(version, order)));
    });
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= minCanaryShare && value <= 1))
    throw new UserError(`--share: must be ${minCanaryShare} to 1, not "${text}"`);
  return value;
}
