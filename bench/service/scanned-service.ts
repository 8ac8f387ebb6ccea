/** Fills a service for a scan: data behind every route, and a token for each role. */
import type { OpenAPIObject } from '@nestjs/swagger';
import { createSignInLink } from '../../src/access/access.service.js';
import { addToken } from '../../src/access/tokens.js';
import { addUser } from '../../src/access/users.js';
import { updateAlerts } from '../../src/monitoring/alerts/alert-store.js';
import { roles, type Role } from '../../src/records/access/api-token.entity.js';
import { retryingProducer } from '../support/kafka.js';
import type { OwnSample } from './own-sample.js';
import type { KnownValues } from './schemathesis.js';
import { waitFor } from '../support/service.js';
import { distinctTexts } from '../support/distinct-texts.js';

export interface FilledService {
  tokens: Record<Role, string>;
  /** `name=value` of an admin's session */
  cookie: string;
  document: OpenAPIObject;
  known: KnownValues;
}

const source = 'scanned';
const openTickets = 30;

/** @param url of the running service on the sample's copy */
export async function fillService(url: string, { environment, dataSource }: OwnSample): Promise<FilledService> {
  const { manager } = dataSource;
  const tokens = {} as Record<Role, string>;
  for (const role of roles) {
    tokens[role] = (await addToken(manager, { name: `the ${role}`, role, actor: 'bench' })) ?? '';
  }
  await addUser(manager, { name: 'ada', role: 'agent', password: 'correct horse battery', actor: 'bench' });
  await sendTickets(environment);
  await waitFor('the tickets to be ranked', 60_000, async () => {
    const [row]: { n: number }[] = await dataSource.query(
      'SELECT count(*)::int AS n FROM tickets t JOIN suggestions s ON s.ticket = t.id WHERE t.source = $1',
      [source],
    );
    return row?.n === openTickets;
  });

  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const headers = { Authorization: `Bearer ${tokens.admin}`, 'Content-Type': 'application/json' };
    const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path} responded ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const { items: templates } = (await ask('GET', '/api/v1/templates?limit=3')) as { items: { id: string }[] };
  const { items: models } = (await ask('GET', '/api/v1/models')) as { items: { version: string }[] };
  const templateId = templates[0]?.id ?? '';
  const modelVersion = models[0]?.version ?? '';
  const flag = { flagId: 'f-1', templateId, reason: 'outdated' };
  await ask('POST', `/api/v1/tickets/${source}/0/flags`, flag);
  await ask('POST', `/api/v1/tickets/${source}/1/choices`, { choiceId: 'c-1', outcome: 'used', templateId });
  const decision = (await ask('POST', '/api/v1/retrain-decisions', { request: 'evaluation' })) as { id: number };
  const seen = {
    cause: 'new-topic:',
    group: 'drift',
    action: 'label-first' as const,
    headline: 'One ticket in ten is of a new topic.',
    findings: [],
    evidence: { words: ['crypto', 'wallet'] },
    examples: [],
  };
  const look = { modelVersion, stream: 'tickets' as const, at: new Date(), deliver: false };
  const alerts = await dataSource.transaction((entities) =>
    updateAlerts(entities, { ...look, causes: [seen], groupOf: (cause) => cause }),
  );

  const link = await createSignInLink(manager, { name: 'local', role: 'admin' }, 60);
  const signedIn = await fetch(url + link, { redirect: 'manual' });
  return {
    tokens,
    cookie: signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '',
    document: (await ask('GET', '/api-json')) as OpenAPIObject,
    known: {
      '/api/v1/tickets/': [source],
      '/api/v1/tickets/{source}/': ['0', '1', '2'],
      '/api/v1/templates/': templates.map(({ id }) => id),
      '/api/v1/models/': [modelVersion],
      '/v2/models/': ['replyrank'],
      '/v2/models/{name}/versions/': [modelVersion],
      '/api/v1/alerts/': alerts,
      '/api/v1/retrain-decisions/': [decision.id],
      '/api/v1/training-runs/': [1],
    },
  };
}

async function sendTickets(environment: Record<string, string>): Promise<void> {
  const producer = await retryingProducer((environment['KAFKA_BROKERS'] ?? '').split(','));
  const messages = distinctTexts(openTickets, 1).map((body, index) => {
    const ticketId = String(index);
    const occurredAt = new Date().toISOString();
    const ticket = { source, ticketId, occurredAt, event: 'created', subject: '', body, channel: 'email' };
    return { key: `${source}:${ticketId}`, value: JSON.stringify(ticket) };
  });
  await producer.send({ topic: environment['TOPIC_TICKETS'] ?? '', messages });
  await producer.disconnect();
}
