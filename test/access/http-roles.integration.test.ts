/** Who may do what over HTTP: every route for every role, and what becomes of tokens and sessions that are over. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSignInLink } from '../../src/access/access.service.js';
import { addToken, revokeToken } from '../../src/access/tokens.js';
import { openApiDocument } from '../../src/http-server.js';
import { roles, type Role } from '../../src/records/access/api-token.entity.js';
import { routesOnly, type TestApp } from '../support/app.js';
import { waitFor } from '../support/waiting.js';

let service: TestApp;
beforeAll(async () => {
  service = await routesOnly();
});
afterAll(() => service.stop());

const engineers: Role[] = ['lead', 'ml', 'admin'];
const readers: Role[] = ['agent', 'lead', 'ml', 'admin'];
/** Every route with those who may call it. A new route belongs here first. */
const allowed: Record<string, Role[] | 'everybody'> = {
  'GET /api/v1/alerts': engineers,
  'GET /api/v1/alerts/{id}': engineers,
  'GET /api/v1/audit-log': ['admin'],
  'GET /api/v1/drift': engineers,
  'GET /api/v1/embedding': 'everybody',
  'GET /api/v1/events': readers,
  'GET /api/v1/flags': engineers,
  'GET /api/v1/labels': ['ml', 'admin'],
  'GET /api/v1/labels/agreement': engineers,
  'GET /api/v1/labels/queue': engineers,
  'GET /api/v1/labels/suspected': engineers,
  'GET /api/v1/me': readers,
  'GET /api/v1/metrics/quality': engineers,
  'GET /api/v1/models': readers,
  'GET /api/v1/models/{version}': ['lead', 'ml', 'admin'],
  'GET /api/v1/models/{version}/report': engineers,
  'GET /api/v1/models/rollouts': engineers,
  'GET /api/v1/retrain-decisions': engineers,
  'GET /api/v1/retrain-decisions/{id}': engineers,
  'GET /api/v1/sign-in': 'everybody',
  'GET /api/v1/placeholders': engineers,
  'GET /api/v1/template-file': engineers,
  'GET /api/v1/template-statistics': engineers,
  'GET /api/v1/template-statistics/{id}': engineers,
  'GET /api/v1/templates': readers,
  'GET /api/v1/templates/{id}': readers,
  'GET /api/v1/tickets': readers,
  'GET /api/v1/tickets/filters': readers,
  'GET /api/v1/tickets/{source}/{ticketId}': readers,
  'GET /api/v1/tickets/{source}/{ticketId}/similar': readers,
  'GET /api/v1/tickets/{source}/{ticketId}/suggestion': readers,
  'GET /v2': readers,
  'GET /v2/health/live': readers,
  'GET /v2/health/ready': readers,
  'GET /v2/models/{name}': readers,
  'GET /v2/models/{name}/ready': readers,
  'GET /v2/models/{name}/versions/{version}': readers,
  'GET /v2/models/{name}/versions/{version}/ready': readers,
  'PATCH /api/v1/templates/{id}': ['lead', 'admin'],
  'POST /api/v1/alerts/{id}/acknowledge': ['ml', 'admin'],
  'POST /api/v1/alerts/{id}/close': ['ml', 'admin'],
  'POST /api/v1/alerts/{id}/snooze': ['ml', 'admin'],
  'POST /api/v1/embedding/hand-over': readers,
  'POST /api/v1/embedding/session': 'everybody',
  'POST /api/v1/models/rollback': ['ml', 'admin'],
  'GET /api/v1/models/moves': ['lead', 'ml', 'admin'],
  'POST /api/v1/models/{version}/shadow': ['ml', 'admin'],
  'POST /api/v1/models/{version}/canary': ['ml', 'admin'],
  'GET /api/v1/training-runs': ['lead', 'ml', 'admin'],
  'GET /api/v1/training-runs/schedule': engineers,
  'POST /api/v1/training-runs': ['ml', 'admin'],
  'GET /api/v1/training-runs/{id}': ['lead', 'ml', 'admin'],
  'POST /api/v1/training-runs/{id}/cancel': ['ml', 'admin'],
  'POST /api/v1/models/{version}/promote': ['ml', 'admin'],
  'POST /api/v1/rank': readers,
  'POST /api/v1/retrain-decisions': ['ml', 'admin'],
  'POST /api/v1/retrain-decisions/{id}/revert': ['ml', 'admin'],
  'POST /api/v1/sign-in': 'everybody',
  'POST /api/v1/sign-out': readers,
  'POST /api/v1/template-file': ['lead', 'admin'],
  'POST /api/v1/templates': ['lead', 'admin'],
  'POST /api/v1/tickets/{source}/{ticketId}/flags': ['agent', 'lead', 'admin'],
  'POST /api/v1/tickets/{source}/{ticketId}/choices': ['agent', 'lead', 'admin'],
  'POST /v2/models/{name}/infer': readers,
  'POST /v2/models/{name}/versions/{version}/infer': readers,
};
/** Not part of the API's description: its own pages need a token, what watches over the service does not. */
const undescribed: Record<string, Role[] | 'everybody'> = {
  'GET /api': readers,
  'GET /api/swagger-ui-init.js': readers,
  'GET /api-json': readers,
  'GET /api-yaml': readers,
  'GET /API-JSON': readers,
  'GET /health/live': 'everybody',
  'GET /health/ready': 'everybody',
  'GET /metrics': 'everybody',
  'GET /': 'everybody',
};

/** The status of a call; the body is not waited for, because events never end. */
async function call(route: string, headers: Record<string, string> = {}): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const address = `${await service.app.getUrl()}${path.replace(/{\w+}/g, 'none')}`;
  const abort = new AbortController();
  const response = await fetch(address, { method, headers, signal: abort.signal, redirect: 'manual' });
  abort.abort();
  return response.status;
}

describe('every route', () => {
  test('has an entry in the table above', () => {
    const described = Object.entries(openApiDocument(service.app).paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.toSorted()).toEqual(Object.keys(allowed).toSorted());
  });

  test.for(Object.entries(allowed))('says in the description who may call it: %s', ([route, may]) => {
    const [method = '', path = ''] = route.split(' ');
    const operation = openApiDocument(service.app).paths[path]?.[method.toLowerCase() as 'get'];
    expect(operation).toMatchObject(may === 'everybody' ? { security: [{}] } : { 'x-roles': may });
  });

  describe.for([...Object.entries(allowed), ...Object.entries(undescribed)])('%s', ([route, may]) => {
    const isOpen = may === 'everybody';
    test(isOpen ? 'is open' : 'wants to know who calls', async () => {
      const status = await call(route);
      if (isOpen) expect([401, 403]).not.toContain(status);
      else expect(status).toBe(401);
    });

    test.for(roles)(`for the role %s`, async (role) => {
      const status = await call(route, service.as(role));
      if (isOpen || may.includes(role)) expect([401, 403]).not.toContain(status);
      else expect(status).toBe(403);
    });
  });
});

const me = (headers: Record<string, string>) => service.request.get('/api/v1/me').set(headers);

describe('a token', () => {
  const make = async (name: string): Promise<Record<string, string>> => {
    const secret = await addToken(service.dataSource.manager, { name, role: 'agent', actor: 'test' });
    return { Authorization: `Bearer ${secret ?? ''}` };
  };

  test('says who calls', async () => {
    const answer = await me(await make('helpdesk'));
    expect(answer.body).toEqual({ name: 'helpdesk', role: 'agent' });
  });

  test('that is unknown, empty or of another scheme opens nothing', async () => {
    for (const Authorization of ['Bearer rr_unknown', 'Bearer', 'Bearer ', 'Basic YTpi', `bearer${'x'.repeat(5000)}`]) {
      const answer = await me({ Authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  test('ends within seconds when it is revoked, and its name can be given again', async () => {
    const old = await make('leaver');
    expect((await me(old)).status).toBe(200);
    expect(await revokeToken(service.dataSource.manager, 'leaver', 'test')).toBe(true);
    await waitFor(
      'the revoked token to be refused',
      async () => (await me(old)).status,
      (status) => status === 401,
    );
    expect((await me(await make('leaver'))).status).toBe(200);
    expect((await me(old)).status).toBe(401);
  });

  test('ends when it expires', async () => {
    const short = await make('short');
    expect((await me(short)).status).toBe(200);
    await service.query(`UPDATE api_tokens SET expires_at = now() - interval '1 second' WHERE name = 'short'`);
    await waitFor(
      'the expired token to be refused',
      async () => (await me(short)).status,
      (status) => status === 401,
    );
  });

  test('is kept as a hash only', async () => {
    const secret = service.token('admin');
    const [row] = await service.query<{ found: boolean }>(
      'SELECT bool_or(position($1 IN t::text) > 0) AS found FROM api_tokens t',
      [secret],
    );
    expect(row?.found).toBe(false);
  });
});

describe('a session', () => {
  const link = (role: Role = 'lead') => createSignInLink(service.dataSource.manager, { name: 'ada', role }, 60);
  /** The cookie of a browser that has followed a link. */
  const signIn = async (role?: Role): Promise<string> => {
    const answer = await service.request.get(await link(role));
    return answer.get('Set-Cookie')?.[0]?.split(';')[0] ?? '';
  };

  test('begins with a link, in a cookie that scripts and other sites do not get', async () => {
    const answer = await service.request.get(await link());
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/');
    const [cookie = ''] = answer.get('Set-Cookie') ?? [];
    const [, ...flags] = cookie.split('; ');
    expect(flags).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200']));
    expect((await me({ Cookie: cookie.split(';')[0] ?? '' })).body).toEqual({ name: 'ada', role: 'lead' });
  });

  test('link works once, also when it is followed twice at the same moment', async () => {
    const path = await link();
    const answers = await Promise.all([1, 2, 3].map(() => service.request.get(path)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 401, 401]);
  });

  test('link that is too old, made up or missing opens nothing', async () => {
    const old = await createSignInLink(service.dataSource.manager, { name: 'ada', role: 'lead' }, -1);
    for (const path of [old, '/sign-in?code=rrl_no', '/sign-in']) {
      const answer = await service.request.get(path);
      expect(answer.status).toBe(401);
      expect(answer.get('Set-Cookie')).toBeUndefined();
    }
    expect((await service.request.get('/sign-in?code=a&code=b')).status).toBe(422);
  });

  test('link is no session, and a session is no token', async () => {
    const code = (await link()).split('=')[1] ?? '';
    expect((await me({ Cookie: `replyrank_session=${code}` })).status).toBe(401);
    const secret = (await signIn()).split('=')[1] ?? '';
    expect((await me({ Authorization: `Bearer ${secret}` })).status).toBe(401);
  });

  test('changes something only from a page of the service', async () => {
    const cookie = await signIn();
    const host = new URL(await service.app.getUrl()).host;
    const create = (id: string, headers: Record<string, string>) =>
      service.request
        .post('/api/v1/templates')
        .set({ Cookie: cookie, ...headers })
        .send({ id, title: 'A title', body: 'A body' });
    const forged: Record<string, string>[] = [
      {},
      { Origin: 'https://elsewhere.example' },
      { Origin: 'null' },
      { Origin: `http://${host.replace(/\d+$/, '1')}` },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ];
    for (const headers of forged) expect((await create('forged', headers)).status).toBe(403);
    expect((await create('by-page', { Origin: `http://${host}` })).status).toBe(201);
    expect((await create('by-fetch', { 'Sec-Fetch-Site': 'same-origin' })).status).toBe(201);
    expect(await service.query(`SELECT id FROM templates WHERE id = 'forged'`)).toEqual([]);
  });

  test('has the rights of its role, no more', async () => {
    const cookie = await signIn('agent');
    const answer = await service.request
      .post('/api/v1/templates')
      .set({ Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' })
      .send({ id: 'by-agent', title: 'A title', body: 'A body' });
    expect(answer.status).toBe(403);
  });

  test('ends at once when its owner signs out', async () => {
    const cookie = await signIn();
    const headers = { Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' };
    expect((await me(headers)).status).toBe(200);
    const answer = await service.request.post('/api/v1/sign-out').set(headers);
    expect(answer.status).toBe(204);
    expect(answer.get('Set-Cookie')?.[0]).toMatch(/^replyrank_session=;.*Expires=Thu, 01 Jan 1970/);
    expect((await me(headers)).status).toBe(401);
  });

  test('ends after its time', async () => {
    const cookie = await signIn();
    await service.query(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE kind = 'session'`);
    expect((await me({ Cookie: cookie })).status).toBe(401);
  });
});
