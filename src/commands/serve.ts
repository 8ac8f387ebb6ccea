import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { launch, untilSignal } from '../launch.js';
import { FirstModel } from '../retrain/runs/first-model.js';

const clearUpMs = 1_500;

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('the service: reads tickets, ranks, publishes, answers over HTTP; until SIGTERM or Ctrl-C')
    .action(async () => {
      const report = (line: string): void => void process.stderr.write(`${line}\n`);
      const stopping = new AbortController();
      void untilSignal().then(() => stopping.abort());
      const stopped = once(stopping.signal, 'abort');
      const onFatal = (): void => {
        process.exitCode = 1;
        stopping.abort();
      };
      const service = await launch({ report, onFatal, signal: stopping.signal }).catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
      if (service) {
        report(`Replyrank listens on ${service.url}`);
        if (service.signInLink) report(`Sign in, once, within 15 minutes: ${service.signInLink}`);
        const first = new FirstModel(service.dataSource, report);
        first.start();
        await stopped;
        report('Stopping …');
        // A database that hangs must not hold up the rest.
        await Promise.race([first.stop(), sleep(clearUpMs)]);
        await service.stop();
      }
      report('Stopped.');
    });
}
