import { Option, type Command } from 'commander';
import { addToken, listTokens, revokeToken } from '../access/tokens.js';
import { roles, type Role } from '../records/access/api-token.entity.js';
import { UserError } from './options/user-error.js';
import { withDatabase } from './options/with-database.js';

const actor = 'command line';

export function registerTokens(program: Command): void {
  const tokens = program.command('tokens').description('API tokens, sent as Authorization: Bearer');
  tokens
    .command('add')
    .argument('<name>', 'what uses it')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
    .option('--expires <days>', 'days until it ends; never by default', wholeDays)
    .option('--read-only', 'changes nothing, whatever its role may')
    .option('--json', 'print {"token"}')
    .description('makes a token and shows it this once')
    .action(async (name: string, options: { role: Role; expires?: number; readOnly?: boolean; json?: boolean }) => {
      const token = await withDatabase((source) =>
        source.transaction((manager) =>
          addToken(manager, {
            name,
            role: options.role,
            readOnly: options.readOnly,
            expiresInDays: options.expires,
            actor,
          }),
        ),
      );
      if (token === null) throw new UserError(`a token ${name} is in use: revoke it first, or take another name`);
      process.stdout.write(options.json ? `${JSON.stringify({ token })}\n` : `${token}\n`);
    });
  tokens
    .command('list')
    .description('names, roles and dates; never the tokens')
    .option('--json', 'print as JSON')
    .action(async (options: { json?: boolean }) => {
      const rows = await withDatabase((source) => listTokens(source.manager));
      if (options.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
      else {
        for (const row of rows) {
          const state = row.revokedAt ? 'revoked' : row.expiresAt ? `until ${row.expiresAt.toISOString()}` : 'in use';
          process.stdout.write(`${row.name}\t${row.role}${row.readOnly ? ', read only' : ''}\t${state}\n`);
        }
      }
    });
  tokens
    .command('revoke')
    .argument('<name>')
    .description('ends a token; running services honour it within 5 s')
    .action(async (name: string) => {
      const revoked = await withDatabase((source) =>
        source.transaction((manager) => revokeToken(manager, name, actor)),
      );
      if (!revoked) throw new UserError(`no token ${name} is in use`);
    });
}

function wholeDays(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new UserError('--expires: must be a whole number of days, 1 to 99999');
  return Number(text);
}
