import type { Command } from 'commander';
import { launch, untilSignal } from '../launch.js';

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('the service: reads tickets, ranks, publishes, answers over HTTP; until SIGTERM or Ctrl-C')
    .action(async () => {
      const report = (line: string): void => void process.stderr.write(`${line}\n`);
      const signal = untilSignal();
      let fail: (reason: string) => void = () => undefined;
      const fatal = new Promise<string>((resolve) => (fail = resolve));
      const service = await launch(report, fail);
      report(`Replyrank listens on ${service.url}`);
      if (service.signInLink) report(`Sign in, once, within 15 minutes: ${service.signInLink}`);
      const ended = await Promise.race([signal.then(() => null), fatal]);
      report('Stopping …');
      await service.stop();
      if (ended !== null) process.exitCode = 1;
    });
}
