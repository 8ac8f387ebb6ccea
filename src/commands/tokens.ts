import { Option, type Command } from 'commander';
import { addToken, listTokens, revokeToken } from '../access/tokens.js';
import { roles, type Role } from '../records/access/api-token.entity.js';
import { UserError } from './options/user-error.js';
import { withDatabase } from './options/with-database.js';

const actor = 'command line';

export function registerTokens(program: Command): void {
  const tokens = program.command('tokens').description('manage API tokens (Authorization: Bearer)');
  tokens
    .command('add')
    .argument('<name>', 'token name')
    .addOption(new Option('--role <role>', 'role of the token').choices(roles).makeOptionMandatory())
    .option('--expires <days>', 'days until it expires; default: never', wholeDays)
    .option('--read-only', 'allow read requests only')
    .option('--json', 'print {"token"}')
    .description('create a token (shown once)')
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
      if (token === null) throw new UserError(`an active token is named ${name}: revoke it first, or use another name`);
      process.stdout.write(options.json ? `${JSON.stringify({ token })}\n` : `${token}\n`);
    });
  tokens
    .command('list')
    .description('list names, roles and dates; never the tokens themselves')
    .option('--json', 'print as JSON')
    .action(async (options: { json?: boolean }) => {
      const rows = await withDatabase((source) => listTokens(source.manager));
      if (options.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
      else {
        for (const row of rows) {
          const state = row.revokedAt ? 'revoked' : row.expiresAt ? `until ${row.expiresAt.toISOString()}` : 'active';
          process.stdout.write(`${row.name}\t${row.role}${row.readOnly ? ', read only' : ''}\t${state}\n`);
        }
      }
    });
  tokens
    .command('revoke')
    .argument('<name>')
    .description('revoke a token; takes effect within 5 s')
    .action(async (name: string) => {
      const revoked = await withDatabase((source) =>
        source.transaction((manager) => revokeToken(manager, name, actor)),
      );
      if (!revoked) throw new UserError(`there is no active token named ${name}`);
    });
}

function wholeDays(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new UserError('--expires: must be a whole number of days, 1 to 99999');
  return Number(text);
}
