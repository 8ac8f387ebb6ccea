/** A model with a reference and tickets like it, made of numbers: a monitor to be tested without training anything. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { hash32, seeded } from '../../src/statistics/random.js';
import { copyBands } from '../../src/models/features/text-facts.js';
import type { Ranking } from '../../src/models/ranker.js';
import type { Observation } from '../../src/monitoring/observations/observation.js';
import { buildReference } from '../../src/monitoring/reference/reference.js';
import { writeReference } from '../../src/monitoring/reference/reference-file.js';
import { storeRankings } from '../../src/suggest/ranking/ranking-loop.service.js';
import { claimTickets } from '../../src/suggest/requests/ranking-store.js';
import { loadServingVersion } from '../../src/suggest/requests/serving-version.js';
import { arrive, aTicket } from './tickets.js';

const size = 16;
const topics = 6;
const channels = ['email', 'chat', 'phone'];

/** Of a text that no other ticket is like. */
export const fingerprintOf = (ticketId: string): string =>
  `${ticketId}~${bandsOf(ticketId)
    .map((band) => band.toString(36))
    .join('-')}`;

export const bandsOf = (ticketId: string): number[] =>
  Array.from({ length: copyBands }, (_, band) => hash32(ticketId, band));

export interface SyntheticTicket {
  ticketId: string;
  occurredAt: Date;
  channel: string;
  ranking: Ranking;
}

/**
 * A ticket about one of six topics, each with its template and its place among the embeddings. `newTopic` is a seventh, that
 * the model takes for any of the six.
 */
export function syntheticTicket(
  random: () => number,
  { ticketId, occurredAt, newTopic = false }: { ticketId: string; occurredAt: Date; newTopic?: boolean },
): SyntheticTicket {
  const topic = Math.floor(random() * topics);
  const embedding = new Float32Array(size).map(() => (random() - 0.5) * 0.3);
  const place = newTopic ? size - 1 : topic;
  embedding[place] = embedding[place]! + 1;
  const length = Math.hypot(...embedding);
  const probability = newTopic ? 0.3 + 0.2 * random() : 0.7 + 0.25 * random();
  const other = (topic + 1) % topics;
  return {
    ticketId,
    occurredAt,
    channel: channels[Math.floor(random() * channels.length)] as string,
    ranking: {
      items: [
        { templateId: `t-${topic}`, probability },
        { templateId: `t-${other}`, probability: (1 - probability) / 2 },
      ],
      setSize: 1,
      contactType: { value: `type-${topic % 3}`, probability },
      abstained: probability < 0.4,
      reason: probability < 0.4 ? 'unsure' : null,
      embedding: embedding.map((value) => value / length),
      entropy: -probability * Math.log(probability) - (1 - probability) * Math.log((1 - probability) / 3),
      words: 5 + Math.floor(random() * 30),
      unknownShare: newTopic ? 0.2 : Math.floor(random() * 3) / 20,
      fingerprint: fingerprintOf(ticketId),
    },
  };
}

export function observationOf({ ticketId, occurredAt, channel, ranking }: SyntheticTicket): Observation {
  const { items, contactType, ...rest } = ranking;
  return {
    key: `helpdesk:${ticketId}`,
    occurredAt,
    channel,
    language: 'en',
    fields: {},
    ranking: items,
    contactType: contactType?.value ?? null,
    ...rest,
  };
}

/** Writes the folder of a model that was trained for such tickets. */
export async function writeModel(modelDir: string, version: string, seed = 1): Promise<void> {
  const random = seeded(seed);
  const start = Date.parse('2025-12-01T00:00:00Z');
  const tickets = Array.from({ length: 2_000 }, (_, index) => {
    const occurredAt = new Date(start + index * 600_000);
    const ticket = syntheticTicket(random, { ticketId: `reference-${index}`, occurredAt });
    return { observation: observationOf(ticket), templateId: ticket.ranking.items[0]?.templateId ?? null };
  });
  await mkdir(join(modelDir, version), { recursive: true });
  await writeReference(join(modelDir, version), buildReference(tickets, { seed, draws: 199 }));
}

export async function makeChampion(source: DataSource, version: string): Promise<void> {
  await source.query(`INSERT INTO model_versions (version, folder, metadata) VALUES ($1, $1, '{}')`, [version]);
  await source.query(
    `INSERT INTO model_aliases (alias, version) VALUES ('champion', $1)
     ON CONFLICT (alias) DO UPDATE SET version = EXCLUDED.version`,
    [version],
  );
}

/** Lets tickets arrive and be ranked, in the order given, by this version. */
export async function arriveRanked(
  source: DataSource,
  version: string,
  tickets: readonly SyntheticTicket[],
  embeddings = true,
): Promise<void> {
  const rankings = new Map(tickets.map(({ ticketId, ranking }) => [ticketId, ranking]));
  for (let at = 0; at < tickets.length; at += 500) {
    await arrive(
      source,
      tickets.slice(at, at + 500).map(({ ticketId, occurredAt, channel }) => {
        const body = `I write about ${ticketId}.`;
        return aTicket(ticketId, { occurredAt: occurredAt.toISOString(), channel, language: 'en', body });
      }),
    );
    const { stamp } = await loadServingVersion(source.manager);
    const claimed = await claimTickets(source.manager, { limit: 1_000, leaseSeconds: 20, stamp });
    const answers = claimed.flatMap((one) => {
      const ranking = rankings.get(one.ticketId);
      return ranking ? [{ claimed: one, version, ranking }] : [];
    });
    const settings = { topic: 'suggestions', auditShare: 0, encoderHash: embeddings ? 'test' : null, stamp };
    await source.transaction((manager) => storeRankings(manager, answers, settings));
  }
}
