/** The main job on a number of test tickets, and its figures. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { progressBar } from '../options/progress.js';
import type { ServiceConfig } from '../../config/config.js';
import { fetchEndOffsets, tailTopic, openProducer, type Kafka } from '../../ingest/kafka.js';
import { readRun, runFigures, type PublishedSuggestion, type RunFigures } from './figures.js';
import { liveSource } from './sample.js';
import { sendTickets, shuffledTickets } from './send-sample.js';

/** A run in which nothing has happened for so long is over; what is missing counts as lost. */
const patienceMs = 90_000;
const lookEveryMs = 250;

export async function runOnce(
  dataSource: DataSource,
  kafka: Kafka,
  config: ServiceConfig,
  options: { tickets: number; seed: number; signal: AbortSignal },
): Promise<RunFigures> {
  const tickets = (await shuffledTickets(options.seed)).slice(0, options.tickets);
  // A source of its own: tickets that an earlier run has sent would be known already.
  const source = `${liveSource}-${Date.now()}-${randomBytes(2).toString('hex')}`;
  const published: PublishedSuggestion[] = [];
  const topic = config.TOPIC_SUGGESTIONS;
  const stopFollowing = await tailTopic(kafka, topic, await fetchEndOffsets(kafka, topic), (value) => {
    const message = JSON.parse(value) as PublishedSuggestion & { source: string };
    if (message.source === source) published.push(message);
  });
  const producer = await openProducer(kafka);
  const bar = progressBar('tickets ranked and published', tickets.length);
  try {
    const to = { topic: config.TOPIC_TICKETS, source, perSecond: null };
    const sent = await sendTickets(producer, to, tickets, options.signal, () => undefined);
    let changedAt = Date.now();
    let before = 0;
    while (!options.signal.aborted && Date.now() - changedAt < patienceMs) {
      const done = new Set(published.map(({ ticketId }) => ticketId)).size;
      if (done > before) changedAt = Date.now();
      before = done;
      bar.update(done);
      if (done >= sent.length) break;
      await sleep(lookEveryMs);
    }
    bar.stop();
    const { ranked, rows } = await readRun(dataSource, source);
    return runFigures(sent, ranked, published, rows);
  } finally {
    bar.stop();
    await producer.disconnect();
    await stopFollowing();
  }
}
