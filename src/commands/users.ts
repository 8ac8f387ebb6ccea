import { Option, type Command } from 'commander';
import { read } from 'read';
import {
  addUser,
  changeUser,
  endSessions,
  listUsers,
  maxPasswordLength,
  minPasswordLength,
  removeUser,
} from '../access/users.js';
import { roles, type Role } from '../records/access/api-token.entity.js';
import { UserError } from './options/user-error.js';
import { withDatabase } from './options/with-database.js';

const actor = 'command line';

export function registerUsers(program: Command): void {
  const users = program.command('users').description('manage users who sign in with a password');
  const role = (): Option => new Option('--role <role>', 'role of the user').choices(roles);
  users
    .command('add')
    .argument('<name>')
    .addOption(role().makeOptionMandatory())
    .description('create a user; the password is prompted for, or read from the first line of standard input')
    .action(async (name: string, options: { role: Role }) => {
      const password = await askPassword();
      const added = await withDatabase((source) =>
        source.transaction((manager) => addUser(manager, { name, role: options.role, password, actor })),
      );
      if (!added) throw new UserError(`user ${name} already exists: use "users change ${name}"`);
    });
  users
    .command('change')
    .argument('<name>')
    .addOption(role())
    .option('--password', 'prompt for a new password')
    .description('change role or password; ends all sessions and any lock-out')
    .action(async (name: string, options: { role?: Role; password?: boolean }) => {
      const password = options.password ? await askPassword() : undefined;
      const change = { name, role: options.role, password, actor };
      const known = await withDatabase((source) => source.transaction((manager) => changeUser(manager, change)));
      if (!known) throw new UserError(`no such user: ${name}`);
    });
  users
    .command('remove')
    .argument('<name>')
    .description('remove a user; sessions end within 5 s')
    .action(async (name: string) => {
      const known = await withDatabase((source) => source.transaction((manager) => removeUser(manager, name, actor)));
      if (!known) throw new UserError(`no such user: ${name}`);
    });
  users
    .command('sign-out')
    .argument('[name]')
    .option('--all', 'everybody')
    .description('end the sessions of a user, or of everybody with --all, within 5 s; API tokens stay valid')
    .action(async (name: string | undefined, options: { all?: boolean }) => {
      if ((name === undefined) === (options.all !== true)) throw new UserError('specify either a name or --all');
      const ended = await withDatabase((source) =>
        source.transaction((manager) => endSessions(manager, name ?? null, actor)),
      );
      process.stdout.write(`${ended} sessions ended\n`);
    });
  users
    .command('list')
    .description('list names and roles')
    .option('--json', 'print as JSON')
    .action(async (options: { json?: boolean }) => {
      const rows = await withDatabase((source) => listUsers(source.manager));
      if (options.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
      else for (const row of rows) process.stdout.write(`${row.name}\t${row.role}\n`);
    });
}

/** Never an argument: those stand in the shell's history and in the list of processes. */
async function askPassword(): Promise<string> {
  const password = await read({ prompt: 'Password: ', silent: true, output: process.stderr });
  if (password.length < minPasswordLength || password.length > maxPasswordLength) {
    throw new UserError(`a password must have ${minPasswordLength} to ${maxPasswordLength} characters`);
  }
  return password;
}
