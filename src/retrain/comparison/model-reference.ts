/** Adds the drift reference to the folder of a version that has just been trained. */
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
 * In a process of its own, since it takes seconds: a service that trains must answer meanwhile.
 *
 * @param signal ends it
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
