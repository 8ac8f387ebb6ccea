import { once } from 'node:events';
import type { Command } from 'commander';
import { launch, untilSignal } from '../launch.js';

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('run the service until SIGTERM or Ctrl-C')
    .action(async () => {
      const report = (line: string): void => void process.stderr.write(`${line}\n`);
      const stopping = new AbortController();
      void untilSignal().then(() => stopping.abort());
      const stopped = once(stopping.signal, 'abort');
      const onFatal = (): void => {
        process.exitCode = 1;
        stopping.abort();
      };
      const service = await launch({ report, onFatal, signal: stopping.signal, trainFirstModel: true }).catch(
        (error: unknown) => {
          if (!stopping.signal.aborted) throw error;
        },
      );
      if (service) {
        report(`Replyrank listens on ${service.url}`);
        if (service.signInLink) report(`One-time sign-in link, valid for 15 minutes: ${service.signInLink}`);
        await stopped;
        report('Stopping …');
        await service.stop();
      }
      report('Stopped.');
    });
}
