/** Signing in with a password and with a real OpenID Connect provider, and tokens that only read. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSignInLink } from '../../src/access/access.service.js';
import { addToken, revokeToken } from '../../src/access/tokens.js';
import { addUser, changeUser, endSessions, removeUser } from '../../src/access/users.js';
import { routesOnly, type TestApp } from '../support/app.js';
import { waitFor } from '../support/waiting.js';

const password = 'correct horse battery';
const page = { 'Sec-Fetch-Site': 'same-origin' };

describe('with a password', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await routesOnly();
  });
  afterAll(() => service.stop());

  const add = (name: string) => addUser(service.dataSource.manager, { name, role: 'lead', password, actor: 'test' });
  const signIn = (name: string, tried = password, headers: Record<string, string> = page) =>
    service.request.post('/api/v1/sign-in').set(headers).send({ name, password: tried });
  const cookieOf = (answer: { get: (name: 'Set-Cookie') => string[] | undefined }): string =>
    answer.get('Set-Cookie')?.[0]?.split(';')[0] ?? '';
  const me = (cookie: string) => service.request.get('/api/v1/me').set({ Cookie: cookie });

  test('is offered once there is a user', async () => {
    expect((await service.request.get('/api/v1/sign-in')).body).toEqual({ password: false, oidc: false });
    await add('grace');
    expect((await service.request.get('/api/v1/sign-in')).body).toEqual({ password: true, oidc: false });
  });

  test('begins a session of that user, however the name is written', async () => {
    await add('Ada');
    const answer = await signIn('ada');
    expect(answer.status).toBe(204);
    expect((await me(cookieOf(answer))).body).toEqual({ name: 'Ada', role: 'lead' });
    expect(await service.query(`SELECT action FROM audit_log WHERE actor = 'Ada' ORDER BY id`)).toEqual([
      { action: 'sign-in' },
    ]);
  });

  test('says the same of a wrong password and of an unknown name', async () => {
    await add('bob');
    const [wrong, unknown] = [await signIn('bob', 'not this one'), await signIn('nobody')];
    for (const answer of [wrong, unknown]) {
      expect(answer.status).toBe(401);
      expect(answer.get('Set-Cookie')).toBeUndefined();
    }
    expect((wrong.body as { detail: string }).detail).toBe((unknown.body as { detail: string }).detail);
  });

  test('locks a name for a while after five wrong ones, the right one too, and no other name', async () => {
    await add('carol');
    await add('dave');
    for (let tries = 0; tries < 5; tries += 1) expect((await signIn('carol', 'wrong')).status).toBe(401);
    const locked = await signIn('carol');
    expect(locked.status).toBe(429);
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0);
    expect((await signIn('dave')).status).toBe(204);
    await service.query(`UPDATE users SET locked_until = now() - interval '1 second' WHERE name = 'carol'`);
    expect((await signIn('carol')).status).toBe(204);
  });

  test('begins a session that ends for everybody, or for one user, at once where the command line says so', async () => {
    await add('judy');
    await add('mallory');
    const [judy, mallory] = [cookieOf(await signIn('judy')), cookieOf(await signIn('mallory'))];
    const { manager } = service.dataSource;
    const isOver = (cookie: string) =>
      waitFor(
        'the session to end',
        async () => (await me(cookie)).status,
        (status) => status === 401,
      );
    expect(await endSessions(manager, 'JUDY', 'test')).toBe(1);
    await isOver(judy);
    expect((await me(mallory)).status).toBe(200);
    expect(await endSessions(manager, null, 'test')).toBeGreaterThan(0);
    await isOver(mallory);
    expect((await signIn('judy')).status).toBe(204);
    expect(await service.query(`SELECT target FROM audit_log WHERE action = 'user.sign-out' ORDER BY id`)).toEqual([
      { target: 'JUDY' },
      { target: 'everybody' },
    ]);
  });

  test('is taken from pages of the service only', async () => {
    await add('erin');
    const forged: Record<string, string>[] = [
      {},
      { Origin: 'https://elsewhere.example' },
      { 'Sec-Fetch-Site': 'cross-site' },
    ];
    for (const headers of forged) {
      expect((await signIn('erin', password, headers)).status).toBe(403);
    }
  });

  test('that is changed ends the sessions that began with the old one', async () => {
    await add('frank');
    const cookie = cookieOf(await signIn('frank'));
    expect((await me(cookie)).status).toBe(200);
    const manager = service.dataSource.manager;
    expect(await changeUser(manager, { name: 'frank', password: 'another long one', actor: 'test' })).toBe(true);
    await waitFor(
      'the old session to end',
      async () => (await me(cookie)).status,
      (status) => status === 401,
    );
    expect((await signIn('frank')).status).toBe(401);
    expect((await signIn('frank', 'another long one')).status).toBe(204);
  });

  test('of somebody who was removed opens nothing, nor do their sessions', async () => {
    await add('gone');
    const cookie = cookieOf(await signIn('gone'));
    expect(await removeUser(service.dataSource.manager, 'gone', 'test')).toBe(true);
    await waitFor(
      'the session to end',
      async () => (await me(cookie)).status,
      (status) => status === 401,
    );
    expect((await signIn('gone')).status).toBe(401);
  });

  test('is kept as an argon2id hash only, and two of a name are refused', async () => {
    await add('heidi');
    expect(await add('HEIDI')).toBe(false);
    const [row] = await service.query<{ hash: string }>(`SELECT password_hash AS hash FROM users WHERE name = 'heidi'`);
    expect(row?.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  test('that is a book is refused before it is hashed', async () => {
    expect((await signIn('heidi', 'x'.repeat(10_000))).status).toBe(422);
  });
});

test('a name that is nobody is locked like the name of a user, so that no lock tells which names exist', async () => {
  const service = await routesOnly();
  try {
    await addUser(service.dataSource.manager, { name: 'ivan', role: 'lead', password, actor: 'test' });
    const signIn = async (name: string): Promise<number> => {
      const tried = { name, password: 'not the right one' };
      return (await service.request.post('/api/v1/sign-in').set(page).send(tried)).status;
    };
    const statuses = async (name: string): Promise<number[]> => {
      const seen: number[] = [];
      for (let tries = 0; tries < 7; tries += 1) seen.push(await signIn(name));
      return seen;
    };
    const known = await statuses('ivan');
    expect(known).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(await statuses('Nobody-Else')).toEqual(known);
    expect(await signIn('nobody-ELSE')).toBe(429);
  } finally {
    await service.stop();
  }
});

test('a one-time link does not work through a proxy on the same machine', async () => {
  const service = await routesOnly();
  try {
    const link = await createSignInLink(service.dataSource.manager, { name: 'first', role: 'admin' }, 60);
    const open = (headers: Record<string, string>) => service.request.get(link).redirects(0).set(headers);
    const proxied: Record<string, string>[] = [
      { 'X-Forwarded-For': '203.0.113.7' },
      { Forwarded: 'for=203.0.113.7' },
      { Via: '1.1 proxy' },
      { Host: 'replyrank.example.com' },
    ];
    for (const headers of proxied) expect((await open(headers)).status).toBe(403);
    expect((await open({})).status).toBe(303);
  } finally {
    await service.stop();
  }
});

describe('a stream of events', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await routesOnly();
  });
  afterAll(() => service.stop());

  const open = async (token: string) =>
    fetch(`${await service.app.getUrl()}/api/v1/events`, { headers: { Authorization: `Bearer ${token}` } });
  const token = async (name: string): Promise<string> =>
    (await addToken(service.dataSource.manager, { name, role: 'agent', actor: 'test' })) ?? '';

  test('ends when its token is revoked; others go on', async () => {
    const [revoked, kept] = [await open(await token('revoked')), await open(await token('kept'))];
    await revokeToken(service.dataSource.manager, 'revoked', 'test');
    // Resolves at the end of the stream only.
    await revoked.text();
    const next = await Promise.race([kept.text(), Promise.resolve('open')]);
    expect(next).toBe('open');
    await kept.body?.cancel().catch(() => undefined);
  });

  test('is one of at most fifty of a token, and one that was closed counts no more', async () => {
    const own = await token('many');
    const streams = await Promise.all(Array.from({ length: 50 }, () => open(own)));
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
    const more = await open(own);
    expect([more.status, more.headers.get('retry-after')]).toEqual([429, '5']);
    expect((await open(await token('other'))).status).toBe(200);
    await streams[0]?.body?.cancel();
    await waitFor(
      'the place of the closed stream',
      async () => (await open(own)).status,
      (status) => status === 200,
    );
  });
});

test('a token that only reads may rank a text and change nothing', async () => {
  const service = await routesOnly();
  try {
    const secret = await addToken(service.dataSource.manager, {
      name: 'dashboard',
      role: 'admin',
      readOnly: true,
      actor: 'test',
    });
    const headers = { Authorization: `Bearer ${secret ?? ''}` };
    expect((await service.request.get('/api/v1/templates').set(headers)).status).toBe(200);
    const template = { id: 'new', title: 'A title', body: 'A body' };
    const answer = await service.request.post('/api/v1/templates').set(headers).send(template);
    expect(answer.status).toBe(403);
    expect(await service.query('SELECT id FROM templates')).toEqual([]);
    expect((await service.request.post('/api/v1/rank').set(headers).send({ body: 'a text' })).status).not.toBe(403);
  } finally {
    await service.stop();
  }
});

describe('with an OpenID Connect provider', () => {
  let provider: { issuer: string; server: Server };
  let service: TestApp;
  const groups = new Map([
    ['lena', ['support-leads', 'support']],
    ['otto', ['sales']],
  ]);
  const publicUrl = 'https://replyrank.example.com';

  beforeAll(async () => {
    provider = await startProvider(groups, `${publicUrl}/sign-in/oidc/callback`);
    service = await routesOnly({
      PUBLIC_URL: publicUrl,
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: 'replyrank',
      OIDC_CLIENT_SECRET: 'a secret of the client',
      OIDC_SCOPE: 'openid email groups',
      OIDC_ROLES: 'agent=support,lead=support-leads',
    });
  });
  afterAll(async () => {
    await service.stop();
    provider.server.close();
  });

  /** What a browser does: goes to the provider, signs in there, agrees, and comes back. */
  async function comeBack(login: string): Promise<{ callback: string; attempt: string }> {
    const leaving = await service.request.get('/sign-in/oidc');
    expect(leaving.status).toBe(303);
    const [attempt = ''] = leaving.get('Set-Cookie') ?? [];
    const browser = new Browser();
    let answer = await browser.open(leaving.headers.location as string);
    for (let step = 0; step < 12 && !answer.location?.startsWith(publicUrl); step += 1) {
      const action = /action="([^"]+)"/.exec(answer.body)?.[1];
      const prompt = /name="prompt" value="(\w+)"/.exec(answer.body)?.[1];
      if (answer.location) answer = await browser.open(answer.location);
      else if (action) answer = await browser.open(action, { prompt: prompt ?? '', login, password: 'any' });
    }
    const url = new URL(answer.location ?? '');
    return { callback: url.pathname + url.search, attempt: attempt.split(';')[0] ?? '' };
  }

  test('a person comes back with the role of their groups', async () => {
    const { callback, attempt } = await comeBack('lena');
    const answer = await service.request.get(callback).set({ Cookie: attempt });
    expect(answer.headers.location).toBe('/');
    const session = answer.get('Set-Cookie')?.find((cookie) => cookie.startsWith('replyrank_session=')) ?? '';
    expect(session).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
    const who = await service.request.get('/api/v1/me').set({ Cookie: session.split(';')[0] ?? '' });
    expect(who.body).toEqual({ name: 'lena@example.com', role: 'lead' });
  });

  test('whose groups have no role opens nothing', async () => {
    const { callback, attempt } = await comeBack('otto');
    const answer = await service.request.get(callback).set({ Cookie: attempt });
    expect(answer.headers.location).toBe('/?problem=no-role');
    expect(answer.get('Set-Cookie')?.some((cookie) => cookie.startsWith('replyrank_session='))).toBe(false);
  });

  test('an answer that is another browser’s, forged, or used before opens nothing', async () => {
    const { callback, attempt } = await comeBack('lena');
    const { attempt: others } = await comeBack('lena');
    const problems: string[] = [];
    for (const [path, cookie] of [
      [callback, ''],
      [callback, others],
      [callback.replace(/code=[^&]+/, 'code=forged'), attempt],
    ] as const) {
      const answer = await service.request.get(path).set({ Cookie: cookie });
      problems.push(String(answer.headers.location));
    }
    expect(problems).toEqual(['/?problem=attempt', '/?problem=provider', '/?problem=provider']);
  });
});

test('a provider that is away is said on the page', async () => {
  const service = await routesOnly({
    PUBLIC_URL: 'http://127.0.0.1:1',
    OIDC_ISSUER: 'http://127.0.0.1:9',
    OIDC_CLIENT_ID: 'replyrank',
    OIDC_ROLES: 'agent=*',
  });
  try {
    expect((await service.request.get('/sign-in/oidc')).headers.location).toBe('/?problem=provider');
  } finally {
    await service.stop();
  }
});

/** A provider whose sign-in page takes any password. */
async function startProvider(
  groups: Map<string, string[]>,
  callback: string,
): Promise<{ issuer: string; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'replyrank',
        client_secret: 'a secret of the client',
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [callback],
      },
    ],
    claims: { openid: ['sub'], email: ['email'], groups: ['groups'] },
    scopes: ['openid', 'email', 'groups'],
    cookies: { keys: ['a key of the test'] },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.com`, groups: groups.get(sub) ?? [] }),
    }),
  });
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return { issuer, server };
}

/** Keeps cookies and follows nothing by itself. */
class Browser {
  private readonly cookies = new Map<string, string>();

  async open(url: string, form?: Record<string, string>): Promise<{ body: string; location: string | null }> {
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { Cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const location = response.headers.get('location');
    return { body: await response.text(), location: location && new URL(location, url).href };
  }
}
