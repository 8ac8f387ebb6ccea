/**
 * What an agent relies on when answering tickets in the browser: a real one, against the whole service. The steps build on
 * one another.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Kafka } from 'kafkajs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bytesSent } from '../../bench/service/bytes-sent.js';
import { createSignInLink } from '../../src/access/access.service.js';
import { addUser, removeUser } from '../../src/access/users.js';
import { addToken } from '../../src/access/tokens.js';
import { readTemplates } from '../../src/commands/options/templates-file.js';
import type { ServiceConfig } from '../../src/config/config.js';
import { choosePort } from '../../src/embedded/ports.js';
import { connectKafka } from '../../src/ingest/kafka.js';
import { startService, type RunningService } from '../../src/main.js';
import { importTemplates } from '../../src/suggest/templates/templates.service.js';
import { model } from '../support/app.js';
import { launchBrowser, stepTimeoutMs } from '../support/browser.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { produce, testConfig } from '../support/kafka.js';
import { stopAtFirstFailure } from '../support/steps.js';

const root = resolve(import.meta.dirname, '../..');

let database: TestDatabase;
let config: ServiceConfig;
let service: RunningService;
let kafka: Kafka;
let browser: Browser;
let page: Page;
let url: string;
/** What the browser refused or could not run, and which other hosts it was sent to. */
const complaints: string[] = [];

stopAtFirstFailure(async () => {
  const stored: object[] = await service.dataSource.query('SELECT count(*), max(received_at) FROM tickets');
  return `${await page.locator('body').innerText()}\n${new Date().toISOString()}: stored are ${JSON.stringify(stored)}`;
});
beforeAll(async () => {
  database = await freshDatabase();
  // Not one of the system's own choosing: while the service is away, a connection might be given it.
  const PORT = String(await choosePort(undefined));
  config = { ...testConfig(database.url, { LOG_LEVEL: 'fatal', PORT }), ...(await model()) };
  service = await startService(config, () => undefined);
  url = service.url;
  kafka = connectKafka(config);
  const templates = await readTemplates(join(root, 'samples/banking77/templates.jsonl'));
  await service.dataSource.transaction((manager) => importTemplates(manager, templates, { actor: 'test' }));
  browser = await launchBrowser();
  page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  page.setDefaultTimeout(stepTimeoutMs);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    // The browser reports every answer of 400 or more; those are what the page is there to deal with.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load')) complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`);
  });
});
afterAll(async () => {
  await browser.close();
  await service.stop();
  await database.drop();
});
afterEach(() => expect(complaints.splice(0)).toEqual([]));

const found = () => page.getByRole('listbox', { name: 'Search results' }).getByRole('option');
const queue = () => page.getByRole('navigation', { name: 'Open tickets' });
const inQueue = (subject: string) => queue().getByRole('button', { name: subject });
const replies = () => page.getByRole('list', { name: 'Suggested replies' }).getByRole('listitem');
const heading = (subject: string) => page.getByRole('main').getByRole('heading', { name: subject, exact: true });

async function write(ticketId: string, subject: string, body: string, fields: object = {}): Promise<void> {
  const occurredAt = new Date().toISOString();
  const ticket = {
    source: 'helpdesk',
    ticketId,
    occurredAt,
    event: 'created',
    subject,
    body,
    channel: 'email',
    fields,
  };
  await produce(kafka, config.TOPIC_TICKETS, [{ key: `helpdesk:${ticketId}`, value: JSON.stringify(ticket) }]);
}

interface StoredChoice {
  choiceId: string;
  outcome: string;
  template: string | null;
  retracts: string | null;
  agent: string;
}
const choicesOf = (ticketId: string): Promise<StoredChoice[]> =>
  service.dataSource.query(
    `SELECT choice_id AS "choiceId", outcome, template_id AS template, retracts, agent
       FROM choices WHERE ticket_id = $1 ORDER BY id`,
    [ticketId],
  );

describe('signing in', () => {
  test('who is not signed in is told how', async () => {
    await page.goto(url);
    await page.getByRole('heading', { name: 'Sign in to Replyrank' }).waitFor();
    await page.getByText('open the sign-in link that it printed at startup').waitFor();
  });

  test('a name and a password open the page; a wrong one says so', async () => {
    const manager = service.dataSource.manager;
    await addUser(manager, { name: 'grace', role: 'agent', password: 'correct horse battery', actor: 'test' });
    await page.reload();
    await page.getByLabel('Name').fill('grace');
    await page.locator('input[name=password]').fill('wrong horse battery');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('wrong name or password').waitFor();
    await page.locator('input[name=password]').fill('correct horse battery');
    await page.keyboard.press('Enter');
    await page.getByText('No open tickets').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Replyrank' }).waitFor();
    await removeUser(manager, 'grace', 'test');
  });

  test('the one-time link opens the page', async () => {
    const actor = { name: 'ada', role: 'agent' } as const;
    await page.goto(url + (await createSignInLink(service.dataSource.manager, actor, 60)));
    await page.getByText('No open tickets').waitFor();
    expect(page.url()).toBe(`${url}/`);
    await page.getByText('Live', { exact: true }).waitFor();
  });

  test('the page is asked for anew each time, its hashed parts once', async () => {
    const index = await fetch(url);
    expect(index.headers.get('cache-control')).toBe('no-cache');
    const html = await index.text();
    const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(html) ?? [];
    expect((await fetch(url + script)).headers.get('cache-control')).toContain('immutable');
    expect((await fetch(`${url}/assets/of-an-older-build.js`)).status).toBe(404);
    // Compressed, a part would not fit the rest.
    const part = await fetch(url + script, { headers: { Range: 'bytes=100-199' } });
    expect([part.status, part.headers.get('accept-ranges')]).toEqual([200, null]);
    expect(html).not.toMatch(/<script(?![^>]* src=)/);
  });

  /** `fetch` unpacks what it gets: only without it can one tell what was sent. */
  test('the first load of the page sends under 400 kB', async () => {
    const html = await (await fetch(url)).text();
    const parts = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, part = '']) => part);
    expect(parts.length).toBeGreaterThan(1);
    let bytes = 0;
    for (const part of parts) bytes += await bytesSent(url + part);
    expect(bytes).toBeLessThan(400_000);
  });
});

describe('answering', () => {
  test('a ticket that arrives over Kafka appears by itself, ranked', async () => {
    await write('1', 'Where is my card', 'I ordered my new card two weeks ago. When will it arrive?', {
      'customer.firstName': 'Grace',
      'card.sentOn': '2 November',
      'card.expectedBy': '12 November',
    });
    await inQueue('Where is my card').getByText('%').waitFor();
  });

  test('it opens with its text, its fields and three replies', async () => {
    await inQueue('Where is my card').click();
    await heading('Where is my card').waitFor();
    expect(await page.getByTestId('ticket-body').innerText()).toContain('When will it arrive?');
    await page.getByLabel('Ticket fields').getByText('Grace').waitFor();
    await expect.poll(() => replies().count()).toBe(3);
    expect(await inQueue('Where is my card').getAttribute('aria-current')).toBe('true');
  });

  test('a reply greets the customer by name, says what is missing, and how likely it is', async () => {
    const first = replies().first();
    expect(await first.innerText()).toMatch(/Hi Grace,/);
    expect(await first.innerText()).toMatch(/\d+%/);
    expect(await first.innerText()).toMatch(/likely|possible/);
    expect(await replies().allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringMatching(/Missing: .*\w+\.\w+.*fill in before sending/)]),
    );
  });

  test('W marks the words that spoke for the reply and says them; S lists similar past tickets', async () => {
    await page.keyboard.press('w');
    const why = page.getByRole('status').filter({ hasText: 'Words that support it' });
    await why.waitFor();
    const marked = page.getByTestId('ticket-body').locator('mark[data-speaks=for]');
    expect(await why.innerText()).toContain(`“${await marked.first().innerText()}”`);
    await page.keyboard.press('s');
    await page.getByRole('region', { name: 'Similar past tickets' }).getByText('No similar answered tickets').waitFor();
    await page.keyboard.press('w');
    await page.keyboard.press('s');
    await why.waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Similar past tickets' }).waitFor({ state: 'detached' });
    await expect.poll(() => page.getByTestId('ticket-body').locator('mark').count()).toBe(0);
  });

  test('two keys answer it: 1 takes the first reply, Enter uses it, and the ticket leaves the queue', async () => {
    await write('2', 'Lost my phone', 'I lost my phone with the app on it, what now?');
    await inQueue('Lost my phone').getByText('%').waitFor();
    const title = await replies().first().getByRole('heading').innerText();
    await page.keyboard.press('1');
    await page.keyboard.press('Enter');
    await inQueue('Where is my card').waitFor({ state: 'detached' });
    await page.getByText(`“Where is my card”: answered with “${title}”`).waitFor();
    await expect.poll(() => choicesOf('1')).toMatchObject([{ outcome: 'used', retracts: null, agent: 'ada' }]);
  });

  test('the next ticket is open already', async () => {
    await heading('Lost my phone').waitFor();
    expect(await inQueue('Lost my phone').getAttribute('aria-current')).toBe('true');
  });

  test('U undoes it, and the ticket is back', async () => {
    await page.keyboard.press('u');
    await inQueue('Where is my card').waitFor();
    await heading('Where is my card').waitFor();
    const [choice] = await choicesOf('1');
    await expect
      .poll(async () => (await choicesOf('1'))[1])
      .toMatchObject({ outcome: 'used', retracts: choice?.choiceId });
  });

  test('J and K walk the queue', async () => {
    await page.keyboard.press('k');
    await heading('Lost my phone').waitFor();
    await page.keyboard.press('j');
    await heading('Where is my card').waitFor();
  });

  test('ten tickets are answered by keyboard alone, one after the other', async () => {
    const file = await readFile(join(root, 'samples/banking77/templates.jsonl'), 'utf8');
    // Nothing is missing from these, so that no gap stands in the way.
    const fields = Object.fromEntries([...file.matchAll(/{{([\w.]+)}}/g)].map(([, name = '']) => [name, 'some']));
    const questions = [
      'How do I activate my new card',
      'My cash withdrawal was declined',
      'Why was I charged a fee for a transfer',
      'I forgot my PIN and it is blocked',
      'Which currencies can I hold',
      'My card payment is still pending',
      'How can I change my address',
      'Can I get a refund for this purchase',
      'My top-up was reverted, why',
      'How do I verify my identity',
    ];
    for (const [at, question] of questions.entries()) await write(`ten-${at}`, question, `${question}?`, fields);
    for (const question of questions) await inQueue(question).getByText('%').waitFor();
    const subject = (): Promise<string> => page.locator('#ticket-title').innerText();
    const opened = async (how: 'k' | 'j', wanted: (shown: string) => boolean): Promise<void> => {
      while (!wanted(await subject())) {
        const before = await subject();
        await page.keyboard.press(how);
        await expect.poll(subject).not.toBe(before);
      }
    };
    const first = await queue().getByRole('listitem').first().locator('.row-subject').innerText();
    await opened('k', (shown) => shown === first);
    for (let answered = 0; answered < questions.length; answered += 1) {
      const shown = await subject();
      expect(questions).toContain(shown);
      await expect.poll(() => replies().count()).toBe(3);
      await page.keyboard.press(String(1 + (answered % 3)));
      await page.keyboard.press('Enter');
      await inQueue(shown).waitFor({ state: 'detached' });
      await expect.poll(subject).not.toBe(shown);
    }
    for (const at of questions.keys()) {
      await expect.poll(() => choicesOf(`ten-${at}`)).toMatchObject([{ outcome: 'used', agent: 'ada' }]);
    }
    await opened('j', (shown) => shown === 'Where is my card');
  });

  test('a menu, a dialog and the button with the focus have their keys for themselves', async () => {
    const before = await page.locator('#ticket-title').innerText();
    const taken = page.getByText('Selected. Press Enter');
    await expect.poll(() => replies().count()).toBe(3);
    await page.keyboard.press('1');
    await taken.waitFor({ state: 'attached' });
    await replies().first().getByRole('button', { name: 'More actions for this reply' }).focus();
    await page.keyboard.press('Enter');
    // At once, before the menu has the focus, and after it.
    await page.keyboard.press('n');
    await page.getByRole('menuitem', { name: 'unclear' }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.closest("[role=menu]") !== null')).toBe(true);
    await page.keyboard.press('n');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.type('n1u');
    await page.getByRole('dialog').getByText('Reason:').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.keyboard.press('n');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Similar tickets' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Similar past tickets' }).waitFor();
    await page.keyboard.press('Enter');
    expect(await page.locator('#ticket-title').innerText()).toBe(before);
    await page.keyboard.press('Escape');
    await taken.waitFor({ state: 'detached' });
    expect(await choicesOf('1')).toHaveLength(2);
  });

  test('N says that none fits', async () => {
    await expect.poll(() => replies().count()).toBe(3);
    await page.keyboard.press('n');
    await inQueue('Where is my card').waitFor({ state: 'detached' });
    await expect
      .poll(async () => (await choicesOf('1')).at(-1))
      .toMatchObject({ outcome: 'none-fits', template: null, retracts: null });
  });

  test('/ searches all replies, also by a mistyped word; Enter takes one, Enter again uses it', async () => {
    await heading('Lost my phone').waitFor();
    await replies().first().waitFor();
    await page.keyboard.press('/');
    // Letters that are typed are no keys of the page.
    await page.keyboard.type('minimun agge');
    await found().getByText('Minimum age for an account').waitFor();
    await page.keyboard.press('Enter');
    const other = page.getByRole('region', { name: 'Minimum age for an account' });
    expect(await other.innerText()).toContain('you need to be at least');
    await page.keyboard.press('Escape');
    await other.waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await page.keyboard.type('everybody is signed out');
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.type('verify my identity');
    const title = () => found().first().locator('b').innerText();
    await expect.poll(title).toMatch(/identity/i);
    const taken = await title();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: taken, exact: true }).waitFor();
  });

  test('E edits the taken reply; what is half written outlives a session that ends', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('1');
    await page.keyboard.press('e');
    const editor = page.getByRole('textbox', { name: 'Edit reply' });
    await editor.fill('Dear Grace, half a');
    await service.dataSource.query('DELETE FROM sessions');
    const signIn = page.getByRole('heading', { name: 'Sign in to Replyrank' });
    // The service believes in a session for some seconds after it has looked.
    await expect
      .poll(() =>
        page.reload().then(() =>
          signIn.waitFor({ timeout: 1000 }).then(
            () => true,
            () => false,
          ),
        ),
      )
      .toBe(true);
    const actor = { name: 'ada', role: 'agent' } as const;
    await page.goto(url + (await createSignInLink(service.dataSource.manager, actor, 60)));
    await heading('Lost my phone').waitFor();
    expect(await editor.inputValue()).toBe('Dear Grace, half a');
    await page.getByText('Your draft has been restored').waitFor();
  });

  test('a gap must be filled before the reply can be used', async () => {
    const editor = page.getByRole('textbox', { name: 'Edit reply' });
    await editor.fill('Dear Grace, you have {{refund.days}} days.');
    await page.getByText('Fill in or remove: refund.days').waitFor();
    await page.keyboard.press('Control+Enter');
    expect(await choicesOf('2')).toEqual([]);
    await editor.fill('Dear Grace, you have five days.');
    await page.keyboard.press('Control+Enter');
    await inQueue('Lost my phone').waitFor({ state: 'detached' });
    await expect.poll(() => choicesOf('2')).toMatchObject([{ outcome: 'edited' }]);
  });

  test('Enter on a reply that lacks something from the ticket opens it with the gap selected', async () => {
    await write('2b', 'Refund', 'When will I get my refund?', { 'customer.firstName': 'Ada' });
    await heading('Refund').waitFor();
    await replies().first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('Minimum age');
    await found().first().waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    const editor = page.getByRole('textbox', { name: 'Edit reply' });
    await editor.waitFor();
    expect(await choicesOf('2b')).toEqual([]);
    await page.keyboard.type('18');
    expect(await editor.inputValue()).toContain('at least 18');
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => choicesOf('2b')).toMatchObject([{ outcome: 'edited', template: 'age-limit' }]);
  });

  test('what is typed after / is searched for also before the suggestion has come: no letter is taken for a key', async () => {
    const ofTicket = '**/2c/suggestion*';
    let release = (): void => undefined;
    const isReleased = new Promise<void>((settle) => (release = settle));
    // A route that is set stays: what is on its way while a browser stops holding requests up may be lost.
    await page.route(ofTicket, async (route) => {
      await isReleased;
      await route.continue();
    });
    await write('2c', 'Early', 'When is my card delivered?');
    await heading('Early').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('n1');
    const field = page.getByRole('combobox', { name: 'Search all replies' });
    expect(await field.inputValue()).toBe('n1');
    release();
    await replies().first().waitFor();
    expect(await field.inputValue()).toBe('n1');
    expect(await choicesOf('2c')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    await expect.poll(() => choicesOf('2c')).toMatchObject([{ outcome: 'none-fits' }]);
  });

  test('? shows the keys, in German too', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Use the selected reply').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Language' }).selectOption('de');
    await page.getByRole('navigation', { name: 'Offene Tickets' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    await page.getByRole('combobox', { name: 'Sprache' }).selectOption('en');
  });
});

describe('what the page is safe from', () => {
  test('markup in a ticket is shown as the text it is', async () => {
    const markup = `<img src=x onerror="alert('gotcha')">`;
    const escaped = markup.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    await write('3', markup, `${markup} my card payment was <b>declined</b> ${escaped}`);
    await inQueue(markup).click();
    await heading(markup).waitFor();
    expect(await page.getByTestId('ticket-body').innerText()).toContain(`my card payment was declined ${markup}`);
    expect(await page.locator('img').count()).toBe(0);
  });

  test('a template that is blocked vanishes from the open ticket', async () => {
    await expect.poll(() => replies().count()).toBe(3);
    const title = await replies().first().getByRole('heading').innerText();
    const [row]: { id: string }[] = await service.dataSource.query('SELECT id FROM templates WHERE title = $1', [
      title,
    ]);
    const token = await addToken(service.dataSource.manager, { name: 'lead', role: 'lead', actor: 'test' });
    const blocked = await fetch(`${url}/api/v1/templates/${row?.id ?? ''}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token ?? ''}` },
      body: JSON.stringify({ state: 'blocked' }),
    });
    expect(blocked.status).toBe(200);
    await replies().getByRole('heading', { name: title, exact: true }).waitFor({ state: 'detached' });
    await expect.poll(() => replies().count()).toBe(3);
  });

  test('while the service is gone the page says so, and keeps what the agent chooses', async () => {
    await service.stop();
    await page.getByText('Service unavailable').first().waitFor();
    await page.keyboard.press('n');
    await page.getByText('Saving 1 choice').waitFor();
    // From here on every ticket is an audit ticket.
    service = await startService({ ...config, AUDIT_SHARE: 1 }, () => undefined);
    await page.getByText('Service unavailable').first().waitFor({ state: 'detached' });
    await expect.poll(() => choicesOf('3')).toMatchObject([{ outcome: 'none-fits' }]);
    await page.getByText('No open tickets').waitFor();
  });

  test('a ticket without a suggestion says that the model is unsure, as an audit ticket does', async () => {
    await write('4', 'Top-up failed', 'My top-up failed, why?');
    await heading('Top-up failed').waitFor();
    await page.getByText('No reply reaches the confidence threshold').waitFor();
    await inQueue('Top-up failed').getByText('No suggestion').waitFor();
  });
});

describe('when it goes wrong or grows long', () => {
  test('while there is no network a choice is kept, and sent when the network is back', async () => {
    await write('5', 'Train without network', 'Can I pay in a tunnel?');
    await inQueue('Train without network').click();
    await heading('Train without network').waitFor();
    await page.getByText('No reply reaches the confidence threshold').waitFor();
    await page.context().setOffline(true);
    await page.keyboard.press('n');
    await page.getByText('Saving 1 choice').waitFor();
    expect(await choicesOf('5')).toEqual([]);
    await page.context().setOffline(false);
    await expect.poll(() => choicesOf('5')).toMatchObject([{ outcome: 'none-fits', agent: 'ada' }]);
    await inQueue('Train without network').waitFor({ state: 'detached' });
    await heading('Top-up failed').waitFor();
  });

  test('what is never answered is asked for again, the stream of events too', async () => {
    const other = await page.context().newPage();
    other.setDefaultTimeout(stepTimeoutMs);
    await other.clock.install();
    const unanswered = new Set<string>();
    await other.route(/\/api\/v1\/(tickets\?|events$)/, async (route) => {
      const address = route.request().url();
      if (unanswered.has(address)) await route.continue();
      unanswered.add(address);
    });
    await other.goto(url);
    await expect.poll(() => unanswered.size).toBe(2);
    await other.clock.fastForward(61_000);
    await other.getByText('Live', { exact: true }).waitFor();
    await other.getByRole('button', { name: 'Top-up failed' }).waitFor();
    await other.close();
  });

  test('a choice whose answer is lost on the way is sent again, and stored once', async () => {
    const lost: number[] = [];
    await page.route('**/choices', async (route) => {
      if (lost.length > 0) return route.continue();
      const answer = await route.fetch({ headers: { ...(await route.request().allHeaders()), origin: url } });
      lost.push(answer.status());
      return route.abort();
    });
    const answered = page.waitForResponse((response) => response.url().endsWith('/choices'));
    await page.keyboard.press('n');
    expect((await answered).status()).toBe(200);
    expect(lost).toEqual([201]);
    await page.getByText('No open tickets').waitFor();
    expect(await choicesOf('4')).toHaveLength(1);
  });

  test('a long queue can be walked to its end, and a ticket of the sample is marked as one', async () => {
    const occurredAt = new Date().toISOString();
    const messages = Array.from({ length: 260 }, (_, index) => {
      const ticketId = `long-${index}`;
      const [channel, body] = [index === 7 ? 'chat' : 'email', `My card ${index} is lost`];
      const ticket = { source: 'sample', ticketId, occurredAt, event: 'created', channel, body };
      return { key: `sample:${ticketId}`, value: JSON.stringify(ticket), headers: { 'replyrank-sample': '1' } };
    });
    await produce(kafka, config.TOPIC_TICKETS, messages);
    await queue().getByText('Sample', { exact: true }).first().waitFor();
    await queue().getByRole('listitem').first().waitFor();
    expect(await queue().getByRole('listitem').count()).toBeLessThan(60);
    const last = () => queue().getByRole('listitem').last().getAttribute('aria-posinset');
    await expect
      .poll(async () => {
        await page.evaluate('document.querySelector(".queue").scrollTo(0, 1e9)');
        return last();
      })
      .toBe('260');
  });

  test('new tickets move no rows after scrolling, and show at the top', async () => {
    const comes = (number: number) => write(`long-${number}`, '', `My card ${number} is lost`);
    const scrolled = () => page.evaluate<number>('document.querySelector(".queue").scrollTop');
    const last = queue().getByRole('listitem').last();
    const text = await last.locator('.row-subject').innerText();
    const height = async () => (await inQueue(text).boundingBox())?.y ?? NaN;
    const before = await height();
    await comes(300);
    await expect.poll(() => last.getAttribute('aria-posinset')).toBe('261');
    expect(Math.abs((await height()) - before)).toBeLessThan(2);
    await page.evaluate('document.querySelector(".queue").scrollTo(0, 0)');
    await inQueue('My card 300 is lost').click();
    for (let number = 301; number <= 312; number += 1) await comes(number);
    await inQueue('My card 312 is lost').waitFor();
    expect(await scrolled()).toBe(0);
    await page.keyboard.press('j');
    await expect.poll(scrolled).toBeGreaterThan(0);
  });

  test('rows touch and never overlap while tickets arrive, whatever their length', async () => {
    await page.evaluate('document.querySelector(".queue").scrollTo(0, 0)');
    const gaps = () =>
      page.evaluate<number>(`(() => {
        const boxes = [...document.querySelectorAll('.queue li')].map((row) => [row, row.firstElementChild])
          .map(([row, inside]) => ({ top: row.getBoundingClientRect().top, bottom: inside.getBoundingClientRect().bottom }))
          .sort((a, b) => a.top - b.top);
        return Math.max(...boxes.slice(1).map(({ top }, at) => Math.abs(top - boxes[at].bottom)));
      })()`);
    const endings = ['', '. Where is the card that I ordered?'.repeat(9), '.\n\nWhere\n\nis it?'];
    for (let number = 313; number <= 321; number += 1) {
      const start = `My card ${number} is lost`;
      await write(`long-${number}`, '', start + (endings[number % 3] ?? ''));
      await inQueue(start).waitFor();
      expect(await gaps()).toBeLessThan(1);
    }
    await page.evaluate('document.querySelector(".queue").scrollTo(0, 2000)');
    await expect.poll(gaps).toBeLessThan(1);
    await page.evaluate('document.querySelector(".queue").scrollTo(0, 0)');
  });

  test('filters and the order stand in the address, and outlive a reload', async () => {
    await page.getByRole('combobox', { name: 'Channel' }).selectOption('chat');
    await expect.poll(() => queue().getByRole('listitem').count()).toBe(1);
    await page.getByRole('combobox', { name: 'Sort by' }).selectOption('confidence');
    await expect.poll(() => new URL(page.url()).search).toBe('?sort=confidence&channel=chat');
    await page.reload();
    await inQueue('My card 7 is lost').waitFor();
    await expect.poll(() => queue().getByRole('listitem').count()).toBe(1);
    await page.getByRole('combobox', { name: 'Channel' }).selectOption('');
    await page.getByRole('combobox', { name: 'Sort by' }).selectOption('newest');
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });
});

describe('for everybody', () => {
  const usual = { width: 1280, height: 800 };
  test.for([
    ['usually', usual, {}],
    ['in the dark', usual, { colorScheme: 'dark' as const }],
    ['with reduced motion', usual, { reducedMotion: 'reduce' as const }],
    ['at 200 % zoom', { width: 640, height: 400 }, {}],
    ['in a narrow frame', { width: 320, height: 560 }, {}],
  ] as const)(
    'axe finds nothing wrong with the queue and a ticket %s, and nothing sticks out',
    async ([, size, media]) => {
      await page.setViewportSize(usual);
      await queue().getByRole('listitem').first().getByRole('button').click();
      await expect.poll(() => page.getByText('No reply reaches the confidence threshold').isVisible()).toBe(true);
      await page.keyboard.press('s');
      await page.getByRole('region', { name: 'Similar past tickets' }).waitFor();
      await page.emulateMedia(media);
      await page.setViewportSize(size);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id} ${nodes[0]?.html ?? ''}`)).toEqual([]);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(size.width);
      await page.emulateMedia({ colorScheme: null, reducedMotion: null });
      await page.setViewportSize(usual);
      await page.keyboard.press('s');
    },
  );
});

describe('a narrow screen', () => {
  test('shows the queue or a ticket, and nothing sticks out', async () => {
    await page.reload();
    await queue().getByRole('listitem').first().waitFor();
    await page.setViewportSize({ width: 360, height: 640 });
    const width = () => page.evaluate<number>('document.documentElement.scrollWidth');
    await expect.poll(() => page.getByRole('main').isVisible()).toBe(false);
    expect(await width()).toBe(360);
    const row = queue().getByRole('listitem').first().getByRole('button');
    const [, number = ''] = /My card (\d+) is lost/.exec(await row.innerText()) ?? [];
    await row.click();
    await heading(`Ticket long-${number}`).waitFor();
    expect(await queue().isVisible()).toBe(false);
    expect(await width()).toBe(360);
    await page.getByRole('button', { name: 'All tickets' }).click();
    await queue().getByRole('listitem').first().waitFor();
  });
});

test('signing out leaves nothing on the page', async () => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Replyrank' }).waitFor();
  expect(await page.getByText('is lost').count()).toBe(0);
});
