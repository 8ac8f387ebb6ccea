/** Adds the drift reference to the folder of a newly trained version. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compiledWorker } from '../../processes/compiled-worker.js';
import { forkWorker } from '../../processes/fork-worker.js';
import { TrainingFailed } from '../../models/jobs/training-process.js';
import { heldOutFile, readHeldOutTickets } from '../../models/training/held-out-tickets.js';
import { writeReference } from '../../monitoring/reference/reference-file.js';
import { ReferenceSampler, writeReferenceSample } from '../../monitoring/reference/reference-sample.js';
import { buildReference, type ReferenceTicket } from '../../monitoring/reference/reference.js';

const workerFile = compiledWorker(import.meta.url, './reference.worker.js');

/**
 * Runs in a child process: it takes seconds, during which the service must respond.
 *
 * @param signal kills the process
 * @throws TrainingFailed
 */
export async function addReference(folder: string, seed: number, signal?: AbortSignal): Promise<void> {
  const child = forkWorker(workerFile, { args: [folder, String(seed)], signal });
  let failure = '';
  child.on('message', (message: string) => {
    failure = `: ${message}`;
  });
  const [code, by] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) {
    throw new TrainingFailed(
      signal?.aborted
        ? 'the training was stopped'
        : `no drift reference could be made of ${folder}${failure || `: its process ended with ${by ?? `exit code ${code}`}`}`,
    );
  }
}

/** The child process: replaces the held-out tickets that training left by their statistics. */
export async function makeReference(folder: string, seed: number): Promise<void> {
  const tickets: ReferenceTicket[] = [];
  const sampler = new ReferenceSampler(seed);
  for await (const { templateId, text, ...held } of readHeldOutTickets(folder)) {
    // Without timestamps in the training file, hours of the week are not compared.
    const observation = { ...held, occurredAt: held.occurredAt ?? new Date(NaN) };
    tickets.push({ templateId, observation });
    sampler.add({ ...observation, templateId }, text);
  }
  await writeReferenceSample(folder, sampler.sample());
  await writeReference(folder, buildReference(tickets, { seed }));
  await rm(join(folder, heldOutFile));
}
