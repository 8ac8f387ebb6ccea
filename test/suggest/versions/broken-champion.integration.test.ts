/** A champion whose folder is gone, or was written by another release, keeps nobody from the tickets. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectKafka, type Kafka } from '../../../src/ingest/kafka.js';
import { startService, type RunningService } from '../../../src/main.js';
import { importTemplates } from '../../../src/suggest/templates/templates.service.js';
import { addToken } from '../../../src/access/tokens.js';
import type { ServiceConfig } from '../../../src/config/config.js';
import { model } from '../../support/app.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { produce, testConfig } from '../../support/kafka.js';
import { waitFor } from '../../support/waiting.js';
import { scratchFolder } from '../../support/models.js';
import { aTicket } from '../../support/tickets.js';

let database: TestDatabase;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let config: ServiceConfig;
let service: RunningService;
let kafka: Kafka;

beforeAll(async () => {
  database = await freshDatabase();
  scratch = await scratchFolder();
  const environment = { MODEL_DIR: scratch.folder, LOG_LEVEL: 'fatal', PORT: '0' };
  config = { ...testConfig(database.url, environment), ...(await model()) };
  kafka = connectKafka(config);
  await mkdir(join(scratch.folder, 'old'));
  await writeFile(join(scratch.folder, 'old', 'model.json'), JSON.stringify({ format: 1, version: 'old' }));
  await database.source.query(
    `INSERT INTO model_versions (version, folder, metadata) VALUES ('old', 'old', '{}'), ('older', 'gone', '{}')`,
  );
  await database.source.query(`INSERT INTO model_aliases (alias, version) VALUES ('champion', 'old')`);
  await database.source.transaction((manager) =>
    importTemplates(
      manager,
      [
        { id: 'card', title: 'Card', body: 'Your card is on its way.', contactTypes: [], state: 'allowed' },
        { id: 'refund', title: 'Refund', body: 'Your money comes back.', contactTypes: [], state: 'allowed' },
      ],
      { actor: 'test' },
    ),
  );
  service = await startService(config, () => undefined);
});
afterAll(async () => {
  await service.stop();
  await database.drop();
  await scratch.remove();
});

test('the service starts, and the templates’ own text ranks what arrives', async () => {
  const ticket = aTicket('1', { subject: 'Where is my card', body: 'My new card is not here.' });
  await produce(kafka, config.TOPIC_TICKETS, [{ key: 'helpdesk:1', value: JSON.stringify(ticket) }]);
  await waitFor('the ticket to be ranked', async () => {
    const rows: { version: string }[] = await database.source.query('SELECT model_version AS version FROM suggestions');
    return rows.some(({ version }) => version === 'text-match');
  });
});

test('the API still says which versions there are', async () => {
  const token = await addToken(database.source.manager, { name: 'ml', role: 'ml', actor: 'test' });
  const answer = await fetch(`${service.url}/api/v1/models`, { headers: { Authorization: `Bearer ${token ?? ''}` } });
  expect(await answer.json()).toMatchObject({ serving: { version: 'text-match' } });
});
