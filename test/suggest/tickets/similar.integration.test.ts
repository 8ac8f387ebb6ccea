/** Past tickets that are like the one an agent looks at, with what they were answered with. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quantize } from '../../../src/suggest/requests/ticket-embeddings.js';
import { importHistory } from '../../../src/ingest/history-import.js';
import type { DataRow } from '../../../src/models/dataset/data-row.js';
import { routesOnly, wholeService, type TestApp } from '../../support/app.js';
import { waitFor } from '../../support/waiting.js';
import { arrive, aTicket } from '../../support/tickets.js';

let service: TestApp;
beforeAll(async () => {
  service = await routesOnly();
  const tickets = ['asked', 'near', 'far', 'other-encoder', 'open', 'none-fits', 'unread'];
  await arrive(
    service.dataSource,
    tickets.map((ticketId) => aTicket(ticketId, { subject: ticketId })),
  );
  for (const id of ['card-arrival', 'refund']) {
    await service.query(`INSERT INTO templates (id, title, body, state) VALUES ($1, $1, 'body', 'retired')`, [id]);
  }
  await read('asked', 0);
  await read('near', 10);
  await read('far', 80);
  await read('other-encoder', 0, 'another');
  await read('open', 0);
  await read('none-fits', 0);
  await answered('near', 'card-arrival');
  await answered('far', 'refund');
  await answered('other-encoder', 'refund');
  await answered('none-fits', null);
});
afterAll(() => service.stop());

/** The model has read a ticket: its embedding stands at this angle. */
async function read(ticketId: string, degrees: number, encoder = 'this'): Promise<void> {
  const radians = (degrees * Math.PI) / 180;
  const { bytes, scale } = quantize(Float32Array.of(Math.cos(radians), Math.sin(radians), 0));
  await service.query(`INSERT INTO ticket_embeddings SELECT id, $2, $3, $4 FROM tickets WHERE ticket_id = $1`, [
    ticketId,
    encoder,
    bytes,
    scale,
  ]);
}

const plainRow: DataRow = {
  line: 0,
  id: null,
  subject: '',
  body: '',
  label: null,
  noneFits: false,
  contactType: null,
  occurredAt: null,
  channel: null,
  language: null,
  fields: {},
};

async function answered(ticketId: string, template: string | null): Promise<void> {
  await service.query(
    `INSERT INTO labels (ticket, template_id, provenance, labelled_at)
     SELECT id, $2, 'history', now() FROM tickets WHERE ticket_id = $1`,
    [ticketId, template],
  );
}

const similar = (path: string) => service.request.get(`/api/v1/tickets/helpdesk/${path}`).set(service.as('agent'));

interface Item {
  ticketId: string;
  templateId: string;
  similarity: number;
}
const items = async (path: string): Promise<Item[]> => ((await similar(path)).body as { items: Item[] }).items;

test('the most alike comes first, with its answer and how alike it is', async () => {
  const found = await items('asked/similar');
  expect(found).toMatchObject([
    { ticketId: 'near', templateId: 'card-arrival' },
    { ticketId: 'far', templateId: 'refund' },
  ]);
  expect(found[0]?.similarity).toBeCloseTo(Math.cos((10 * Math.PI) / 180), 2);
});

test('those of one template can be asked for, and only some', async () => {
  expect(await items('asked/similar?template=refund')).toMatchObject([{ ticketId: 'far' }]);
  expect(await items('asked/similar?template=nothing')).toEqual([]);
  expect(await items('asked/similar?limit=1')).toMatchObject([{ ticketId: 'near' }]);
});

test('a ticket that the model has not read has none, and one that is not there is not found', async () => {
  expect(await items('unread/similar')).toEqual([]);
  expect((await similar('nobody/similar')).status).toBe(404);
  expect((await similar('asked/similar?limit=0')).status).toBe(422);
});

test('tickets of an import are read in the background, so that they are found too', async () => {
  const whole = await wholeService();
  try {
    const { request } = whole;
    const text = { id: 'refund', title: 'Refund', body: 'It is on its way.', state: 'allowed' };
    await request.post('/api/v1/templates').set(whole.as('lead')).send(text).expect(201);
    const bodies = ['Where is my refund?', 'My card was stolen', ''];
    const rows = bodies.map((body, at) => ({ ...plainRow, line: at + 2, body, label: 'refund' }));
    const now = new Date();
    await importHistory(
      whole.dataSource,
      rows,
      { source: 'history', sample: false, redaction: 'standard' as const, now },
      () => undefined,
    );
    await arrive(whole.dataSource, [aTicket('asked', { body: 'Where is the refund that I asked for?' })]);
    // Sooner than by itself: templates have changed.
    await request.patch('/api/v1/templates/refund').set(whole.as('lead')).send({ title: 'Your refund' }).expect(200);
    let found: (Item & { preview: string })[] = [];
    await waitFor('the imported tickets to be found', async () => {
      const answer = await request.get('/api/v1/tickets/helpdesk/asked/similar').set(whole.as('agent'));
      found = (answer.body as { items: typeof found }).items;
      return found.length === 2;
    });
    expect(found[0]?.preview).toBe('Where is my refund?');
  } finally {
    await whole.stop();
  }
});
