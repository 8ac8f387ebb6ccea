/** Adds the drift reference to the folder of a version that has just been trained. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TrainingFailed } from '../../models/jobs/training-process.js';
import { heldOutFile, readHeldOutTickets } from '../../models/training/held-out-tickets.js';
import { writeReference } from '../../monitoring/reference/reference-file.js';
import { ReferenceSampler, writeReferenceSample } from '../../monitoring/reference/reference-sample.js';
import { buildReference, type ReferenceTicket } from '../../monitoring/reference/reference.js';

/** A process is started from compiled code, also where this file is run as TypeScript, as tests do. */
const workerFile = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts')
      ? '../../../dist/src/retrain/comparison/reference.worker.js'
      : './reference.worker.js',
    import.meta.url,
  ),
);

/**
 * In a process of its own, since it takes seconds: a service that trains must answer meanwhile.
 *
 * @param signal ends it
 * @throws TrainingFailed
 */
export async function addReference(folder: string, seed: number, signal?: AbortSignal): Promise<void> {
  // Flags of the service's own start would be passed on.
  const execArgv = ['--enable-source-maps'];
  const child = fork(workerFile, [folder, String(seed)], { execArgv, stdio: ['ignore', 2, 2, 'ipc'] });
  const stop = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  let why = '';
  child.on('message', (message: string) => {
    why = `: ${message}`;
  });
  const [code, by] = (await once(child, 'close')) as [number | null, string | null];
  signal?.removeEventListener('abort', stop);
  if (code !== 0) {
    throw new TrainingFailed(
      signal?.aborted
        ? 'the training was stopped'
        : `no drift reference could be made of ${folder}${why || `: its process ended with ${by ?? `exit code ${code}`}`}`,
    );
  }
}

/** What the process does: reads what training left of its held-out tickets, and leaves statistics instead. */
export async function makeReference(folder: string, seed: number): Promise<void> {
  const tickets: ReferenceTicket[] = [];
  const sampler = new ReferenceSampler(seed);
  for await (const { templateId, text, ...held } of readHeldOutTickets(folder)) {
    // A file need not say when its tickets were written: then no hour is compared with its like.
    const observation = { ...held, occurredAt: held.occurredAt ?? new Date(NaN) };
    tickets.push({ templateId, observation });
    sampler.add({ ...observation, templateId }, text);
  }
  await writeReferenceSample(folder, sampler.sample());
  await writeReference(folder, buildReference(tickets, { seed }));
  await rm(join(folder, heldOutFile));
}
