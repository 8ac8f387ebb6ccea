/** Which helpdesks may frame the agent's page, and whom a session inside one of them serves. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conversationIn } from '../../console/src/embed/chatwoot-context.js';
import { frameAncestors, scriptSources } from '../../src/access/embedding.js';
import { createSignInLink } from '../../src/access/access.service.js';
import { addUser, changeUser } from '../../src/access/users.js';
import { ConfigError, readConfig } from '../../src/config/config.js';
import { routesOnly, type TestApp } from '../support/app.js';
import { waitFor } from '../support/waiting.js';

const helpdesks = ['https://desk.example.com', 'https://acme.zendesk.com'];
const configured = { PUBLIC_URL: 'https://replyrank.example.com', EMBED_ORIGINS: helpdesks.join(', ') };
const ownPage = { 'Sec-Fetch-Site': 'same-origin', 'X-Replyrank-Page': '1' };
const password = 'correct horse battery';

describe('which origins may frame the page', () => {
  test('none by default', () => {
    expect(readConfig({}).EMBED_ORIGINS).toEqual([]);
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        const nobody = { EMBED_ORIGINS: [] };
        expect(frameAncestors(`/embed${path}`, nobody)).toBe("'none'");
        expect(scriptSources(`/embed${path}`, nobody)).toBe("'self'");
      }),
    );
  });

  test.for([
    ['http://desk.example.com', 'plain http'],
    ['https://desk.example.com/', 'a path'],
    ['https://*.zendesk.com', 'many hosts'],
    ['https://desk.example.com:443', 'the default port'],
    ['desk.example.com', 'no scheme'],
    ['*', 'everybody'],
    ["https://desk.example.com; script-src 'unsafe-inline'", 'another directive'],
    ["'self'", 'a keyword'],
    ['null', 'no origin'],
  ] as const)('%s is refused at the start: %s', ([origin]) => {
    const refused = () => readConfig({ ...configured, EMBED_ORIGINS: `https://fine.example.com,${origin}` });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(/EMBED_ORIGINS: .*must be an origin such as https:\/\/helpdesk\.example\.com/);
  });

  test.for([[undefined], ['http://replyrank.example.com']] as const)(
    'none without an address that browsers trust: %s',
    ([PUBLIC_URL]) => {
      const refused = () => readConfig({ EMBED_ORIGINS: 'https://desk.example.com', PUBLIC_URL });
      expect(refused).toThrow('EMBED_ORIGINS: requires an https PUBLIC_URL');
    },
  );

  test('http is enough on this machine', () => {
    const { EMBED_ORIGINS } = readConfig({
      EMBED_ORIGINS: 'http://localhost:3001',
      PUBLIC_URL: 'http://127.0.0.1:3000',
    });
    expect(EMBED_ORIGINS).toEqual(['http://localhost:3001']);
  });
});

describe('a service that helpdesks are configured for', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await routesOnly(configured);
  });
  afterAll(() => service.stop());

  const policyOf = async (path: string): Promise<Record<string, string>> => {
    const { headers } = await service.request.get(path);
    const directives = (headers['content-security-policy'] as string).split(';');
    return Object.fromEntries(directives.map((one) => [one.split(' ')[0] ?? '', one.split(' ').slice(1).join(' ')]));
  };

  test('is framed by them on the pages that are made for it, and on no other', async () => {
    for (const path of ['/embed', '/embed?source=a&ticketId=1', '/embed/chatwoot', '/embed/zendesk?origin=x']) {
      expect((await policyOf(path))['frame-ancestors']).toBe(helpdesks.join(' '));
      expect((await service.request.get(path)).headers['x-frame-options']).toBeUndefined();
    }
    for (const path of [
      '/',
      '/models',
      '/embed/sign-in',
      '/embedded',
      '/api/v1/me',
      '/x?/embed',
      '/EMBED',
      '//embed',
    ]) {
      expect((await policyOf(path))['frame-ancestors']).toBe("'none'");
      expect((await service.request.get(path)).headers['x-frame-options']).toBe('DENY');
    }
  });

  test("runs Zendesk's own client on the page inside Zendesk, and nothing of another host elsewhere", async () => {
    expect((await policyOf('/embed/zendesk'))['script-src']).toBe("'self' https://static.zdassets.com");
    for (const path of ['/', '/embed', '/embed/chatwoot', '/embed/sign-in', '/embed/zendesk/x']) {
      expect((await policyOf(path))['script-src']).toBe("'self'");
    }
    expect(scriptSources('/embed/zendesk', { EMBED_ORIGINS: ['https://zendesk.com.example.com'] })).toBe("'self'");
  });

  test('says which they are', async () => {
    expect((await service.request.get('/api/v1/embedding')).body).toEqual({ origins: helpdesks });
  });

  const secretIn = (answer: { get: (name: 'Set-Cookie') => string[] | undefined }): string =>
    answer.get('Set-Cookie')?.[0]?.split(';')[0] ?? '';
  const signIn = async (name: string, embedded: boolean) => {
    await addUser(service.dataSource.manager, { name, role: 'agent', password, actor: 'test' });
    return service.request.post('/api/v1/sign-in').set(ownPage).send({ name, password, embedded });
  };
  const me = (cookie: string, headers: Record<string, string> = ownPage) =>
    service.request.get('/api/v1/me').set({ ...headers, Cookie: cookie });

  describe('a session inside a helpdesk', () => {
    let cookie: string;
    beforeAll(async () => {
      cookie = secretIn(await signIn('ada', true));
    });

    test('has a cookie that is kept apart for each helpdesk, and that no script reads', async () => {
      const [set = ''] = (await signIn('bob', true)).get('Set-Cookie') ?? [];
      expect(set).toMatch(/^replyrank_embedded=rrs_/);
      for (const flag of ['HttpOnly', 'Secure', 'SameSite=None', 'Partitioned', 'Path=/api/v1']) {
        expect(set.split('; ')).toContain(flag);
      }
      const [usual = ''] = (await signIn('carol', false)).get('Set-Cookie') ?? [];
      expect(usual.split('; ')).toContain('SameSite=Strict');
    });

    test('serves pages of the service, and neither reads nor changes anything for others', async () => {
      expect((await me(cookie)).status).toBe(200);
      const strangers: Record<string, string>[] = [
        {},
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
      ];
      for (const headers of strangers) {
        expect((await me(cookie, headers)).status).toBe(403);
        const change = service.request.post('/api/v1/tickets/a/1/choices');
        const forged = { ...headers, Cookie: cookie, Origin: configured.PUBLIC_URL, Host: 'replyrank.example.com' };
        expect((await change.set(forged).send({ outcome: 'none-fits' })).status).toBe(403);
      }
    });

    test('changes something only for a page that sends its header', async () => {
      const choose = (headers: object) =>
        service.request
          .post('/api/v1/tickets/a/1/choices')
          .set({ ...headers, Cookie: cookie })
          .send({ choiceId: 'c', outcome: 'none-fits' });
      expect((await choose({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(403);
      expect((await choose(ownPage)).status).not.toBe(403);
    });

    test('ends when it is signed out of, and its cookie with it', async () => {
      const left = await service.request.post('/api/v1/sign-out').set({ ...ownPage, Cookie: cookie });
      const cleared = left.get('Set-Cookie')?.find((one) => one.startsWith('replyrank_embedded='));
      expect(cleared).toContain('Partitioned');
      expect((await me(cookie)).status).toBe(401);
    });
  });

  describe('the session of a window', () => {
    let cookie: string;
    const handOver = (headers: Record<string, string>) =>
      service.request.post('/api/v1/embedding/hand-over').set(headers);
    const takeOver = (code: string, headers: Record<string, string> = ownPage) =>
      service.request.post('/api/v1/embedding/session').set(headers).send({ code });
    const codeOf = async () => ((await handOver({ ...ownPage, Cookie: cookie })).body as { code: string }).code;
    beforeAll(async () => {
      cookie = secretIn(await signIn('grace', false));
    });

    test('is handed over by a code that works once', async () => {
      const code = await codeOf();
      const answer = await takeOver(code);
      expect(answer.status).toBe(204);
      expect((await me(secretIn(answer))).body).toEqual({ name: 'grace', role: 'agent' });
      expect((await takeOver(code)).status).toBe(401);
    });

    test('is not handed over by another page, nor taken by one', async () => {
      expect((await handOver({ Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
      expect((await takeOver(await codeOf(), { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    });

    test('is handed over within half a minute or not at all', async () => {
      const code = await codeOf();
      await service.query(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE kind = 'hand-over'`);
      expect((await takeOver(code)).status).toBe(401);
    });

    test('opens nothing by the code itself, nor by a link in its place', async () => {
      const code = await codeOf();
      expect((await me(`replyrank_session=${code}`)).status).toBe(401);
      expect((await service.request.get(`/sign-in?code=${code}`)).status).toBe(401);
      const link = await createSignInLink(service.dataSource.manager, { name: 'x', role: 'admin' }, 60);
      expect((await takeOver(link.split('=')[1] ?? '')).status).toBe(401);
    });

    test('can be handed over by nobody with a token, and not on and on from one frame to the next', async () => {
      expect((await handOver(service.as('admin'))).status).toBe(403);
      const embedded = secretIn(await takeOver(await codeOf()));
      expect((await handOver({ ...ownPage, Cookie: embedded })).status).toBe(403);
    });

    test('ends in the frame too when the password is changed', async () => {
      const embedded = secretIn(await takeOver(await codeOf()));
      await changeUser(service.dataSource.manager, { name: 'grace', password: 'another long one', actor: 'test' });
      await waitFor(
        'the session of the frame to end',
        async () => (await me(embedded)).status,
        (status) => status === 401,
      );
    });
  });

  test('a browser that comes back from the provider is sent to no page but those two', async () => {
    expect((await service.request.get('/sign-in/oidc?to=https://evil.example')).status).toBe(422);
    expect((await service.request.get('/sign-in/oidc?to=//evil.example')).status).toBe(422);
  });
});

test('where no helpdesk is configured, there is no session inside one', async () => {
  const service = await routesOnly();
  try {
    const manager = service.dataSource.manager;
    await addUser(manager, { name: 'ada', role: 'agent', password, actor: 'test' });
    const refused = await service.request
      .post('/api/v1/sign-in')
      .set(ownPage)
      .send({ name: 'ada', password, embedded: true });
    expect(refused.status).toBe(404);
    expect((refused.body as { detail: string }).detail).toContain('set EMBED_ORIGINS');
    const usual = await service.request.post('/api/v1/sign-in').set(ownPage).send({ name: 'ada', password });
    const [, secret = ''] = /^replyrank_session=([^;]+)/.exec(usual.get('Set-Cookie')?.[0] ?? '') ?? [];
    const answer = await service.request.get('/api/v1/me').set({ ...ownPage, Cookie: `replyrank_embedded=${secret}` });
    expect(answer.status).toBe(401);
  } finally {
    await service.stop();
  }
});

describe("Chatwoot's messages", () => {
  const context = (conversation: object) => JSON.stringify({ event: 'appContext', data: { conversation } });

  test('name the conversation, and what the customer wrote in it', () => {
    const messages = [
      { message_type: 0, content: 'My card is lost.', created_at: 1796000000 },
      { message_type: 1, content: 'Which one?', created_at: 1796000060 },
      { message_type: 2, content: 'Assigned to Grace', created_at: 1796000070 },
      { message_type: 0, content: 'The blue one.', created_at: 1796000120 },
      { message_type: 0, content: null },
    ];
    expect(conversationIn(context({ id: 17, messages }))).toEqual({
      id: '17',
      text: 'My card is lost.\n\nThe blue one.',
      writtenAt: new Date(1796000120_000).toISOString(),
    });
    expect(conversationIn(context({ id: 17 }))).toEqual({ id: '17', text: '', writtenAt: null });
  });

  test('are nothing else than that, whatever is sent', () => {
    const wrong = ['{}', 'no json', context({ id: '17' }), context({ id: -1 }), context({}), '{"event":"appContext"}'];
    for (const data of wrong) expect(conversationIn(data)).toBeNull();
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.json()), (data) => {
        expect(conversationIn(data)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1 }), (messages, id) => {
        const known = conversationIn(context({ id, messages }));
        expect(known?.id).toBe(String(id));
        expect(typeof known?.text).toBe('string');
      }),
    );
  });
});

/** What Zendesk's validator (zendesk_apps_support, MIT) asks of a package, as far as it concerns one like this. */
describe('the app for Zendesk', () => {
  const folder = resolve(import.meta.dirname, '../..', 'integrations', 'zendesk');
  const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, never>;
  interface Manifest {
    author: { name: string; email: string; url: string };
    defaultLocale: string;
    frameworkVersion: string;
    version: string;
    location: Record<string, Record<string, { url: string; flexible: boolean }>>;
    parameters: { name: string; type: string; required: boolean }[];
  }
  const manifest = json('manifest.json') as unknown as Manifest;

  test('has what a manifest must have', () => {
    expect(Object.values(manifest.author)).not.toContain('');
    expect(URL.canParse(manifest.author.url)).toBe(true);
    expect(manifest.frameworkVersion).toBe('2.0');
    expect(manifest.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(manifest.defaultLocale).toMatch(/^[a-z]{2}(-\w{2,3})?$/);
    expect(existsSync(join(folder, 'translations', `${manifest.defaultLocale}.json`))).toBe(true);
    expect(manifest.location).toEqual({
      support: { ticket_sidebar: { url: '{{setting.address}}/embed/zendesk', flexible: true } },
    });
  });

  test('asks for settings of known types, each explained in every language', () => {
    const types = ['text', 'password', 'checkbox', 'url', 'number', 'multiline', 'hidden'];
    expect(new Set(manifest.parameters.map(({ name }) => name)).size).toBe(manifest.parameters.length);
    for (const locale of ['en', 'de']) {
      const { app } = json(`translations/${locale}.json`) as unknown as {
        app: Record<string, string> & { parameters: Record<string, { label: string; helpText: string }> };
      };
      for (const key of ['name', 'short_description', 'long_description', 'installation_instructions']) {
        expect(app[key]).toBeTruthy();
      }
      for (const { name, type } of manifest.parameters) {
        expect(types).toContain(type);
        expect(name).not.toBe('name');
        expect(app.parameters[name]?.label).toBeTruthy();
        expect(app.parameters[name]?.helpText).toBeTruthy();
      }
    }
  });

  test('has logos of the sizes that Zendesk shows', () => {
    const sizeOf = (name: string) => {
      const png = readFileSync(join(folder, 'assets', name));
      expect(png.subarray(1, 4).toString()).toBe('PNG');
      return [png.readUInt32BE(16), png.readUInt32BE(20)];
    };
    expect(sizeOf('logo.png')).toEqual([320, 320]);
    expect(sizeOf('logo-small.png')).toEqual([128, 128]);
    expect(readFileSync(join(folder, 'assets', 'logo.svg'), 'utf8')).not.toMatch(/script|on\w+=|href/);
  });

  test('is packed with its manifest at the top', () => {
    const file = execFileSync('npm', ['run', '--silent', 'zendesk-app'], { cwd: resolve(folder, '..', '..') });
    const args = ['-m', 'zipfile', '-l', resolve(folder, '..', '..', file.toString().trim())];
    const names = execFileSync('python3', args).toString().match(/^\S+/gm) ?? [];
    expect(names).toEqual(
      expect.arrayContaining(['manifest.json', 'translations/en.json', 'translations/de.json', 'assets/logo.png']),
    );
  });
});
