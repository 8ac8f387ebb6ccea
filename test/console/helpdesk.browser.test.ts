/**
 * The agent's page inside a helpdesk, in a real browser against the whole service: hosts over TLS, each a site of its own,
 * so that cookies, frames and permissions are those of the real thing. The steps build on one another.
 */
import { join, resolve } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Kafka } from 'kafkajs';
import type { Browser, BrowserContext, FrameLocator, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addUser } from '../../src/access/users.js';
import { readTemplates } from '../../src/commands/options/templates-file.js';
import type { ServiceConfig } from '../../src/config/config.js';
import { connectKafka } from '../../src/ingest/kafka.js';
import { startService, type RunningService } from '../../src/main.js';
import { importTemplates } from '../../src/suggest/templates/templates.service.js';
import { model } from '../support/app.js';
import { launchBrowser, stepTimeoutMs } from '../support/browser.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import {
  chatwootUrl,
  replyrankUrl,
  startHelpdesks,
  strangerUrl,
  zendeskUrl,
  type Helpdesks,
} from '../support/helpdesks.js';
import { produce, testConfig } from '../support/kafka.js';
import { stopAtFirstFailure } from '../support/steps.js';

const root = resolve(import.meta.dirname, '../..');
const password = 'correct horse battery';

let database: TestDatabase;
let config: ServiceConfig;
let service: RunningService;
let kafka: Kafka;
let helpdesks: Helpdesks;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];

stopAtFirstFailure();
beforeAll(async () => {
  database = await freshDatabase();
  const environment = {
    LOG_LEVEL: 'fatal',
    PORT: '0',
    PUBLIC_URL: replyrankUrl,
    EMBED_ORIGINS: `${chatwootUrl},${zendeskUrl}`,
  };
  config = { ...testConfig(database.url, environment), ...(await model()) };
  service = await startService(config, () => undefined);
  kafka = connectKafka(config);
  const templates = await readTemplates(join(root, 'samples/banking77/templates.jsonl'));
  await service.dataSource.transaction((manager) => importTemplates(manager, templates, { actor: 'test' }));
  await addUser(service.dataSource.manager, { name: 'ada', role: 'agent', password, actor: 'test' });
  helpdesks = await startHelpdesks(Number(new URL(service.url).port));
  browser = await launchBrowser(helpdesks.browserArgs);
  context = await freshContext();
  page = await open(context);
});
afterAll(async () => {
  await browser.close();
  await helpdesks.stop();
  await service.stop();
  await database.drop();
});
afterEach(() => expect(complaints.splice(0)).toEqual([]));

const freshContext = () => browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1000, height: 700 } });

async function open(where: BrowserContext): Promise<Page> {
  const opened = await where.newPage();
  opened.setDefaultTimeout(stepTimeoutMs);
  opened.on('pageerror', (error) => complaints.push(error.message));
  opened.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load')) complaints.push(message.text());
  });
  const noStyle = (request: Request, why: string): void => {
    if (request.resourceType() === 'stylesheet' && why !== 'net::ERR_ABORTED') complaints.push(`no style: ${why}`);
  };
  opened.on('requestfailed', (request) => noStyle(request, request.failure()?.errorText ?? ''));
  opened.on('response', (response) => {
    if (response.status() >= 400) noStyle(response.request(), String(response.status()));
  });
  return opened;
}

const inFrame = (of = page): FrameLocator => of.frameLocator('iframe[title=Replyrank]');
const replies = (of = page) => inFrame(of).getByRole('list', { name: 'Suggested replies' }).getByRole('listitem');
const heading = (name: string) => inFrame().getByRole('heading', { name, exact: true, level: 2 });

/** What Chatwoot's page does when the agent opens another conversation. */
const openConversation = (id: number, ...texts: string[]) =>
  page.evaluate(`open(${[id, ...texts].map((one) => JSON.stringify(one)).join(', ')})`);

async function write(source: string, ticketId: string, subject: string, body: string): Promise<void> {
  const fields = { 'customer.firstName': 'Grace', 'card.sentOn': '2 November', 'card.expectedBy': '12 November' };
  const ticket = { source, ticketId, occurredAt: new Date().toISOString(), event: 'created', subject, body, fields };
  await produce(kafka, config.TOPIC_TICKETS, [{ key: `${source}:${ticketId}`, value: JSON.stringify(ticket) }]);
}

const choicesOf = (source: string, ticketId: string): Promise<{ outcome: string; template: string; agent: string }[]> =>
  service.dataSource.query(
    `SELECT outcome, template_id AS template, agent FROM choices WHERE source = $1 AND ticket_id = $2 ORDER BY id`,
    [source, ticketId],
  );

async function signInWithin(of: Page): Promise<void> {
  await inFrame(of).getByLabel('Name').fill('ada');
  await inFrame(of).locator('input[name=password]').fill(password);
  await of.keyboard.press('Enter');
}

describe('framing', () => {
  test('a page that is not configured can not show it: the browser refuses', async () => {
    const stranger = await open(context);
    await stranger.goto(strangerUrl);
    await expect.poll(() => complaints.join('\n')).toMatch(/frame-ancestors/);
    expect(await inFrame(stranger).locator('#root').count()).toBe(0);
    expect(complaints.splice(0).join('\n')).toContain(replyrankUrl);
    await stranger.close();
  });

  test('Chatwoot, which is, shows it, and the focus stays where the agent types', async () => {
    await page.goto(chatwootUrl);
    await page.getByLabel('Reply box').focus();
    await inFrame().getByRole('heading', { name: 'Sign in to Replyrank' }).waitFor();
    expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('TEXTAREA');
  });

  test('one signs in right there, by a cookie that is of no use anywhere else', async () => {
    await signInWithin(page);
    await inFrame().getByText('Live', { exact: true }).waitFor();
    const cookies = await context.cookies(`${replyrankUrl}/api/v1/me`);
    expect(cookies.map(({ name }) => name)).toEqual(['replyrank_embedded']);
    expect(cookies[0]).toMatchObject({ httpOnly: true, secure: true, sameSite: 'None' });
    expect(cookies[0]?.partitionKey).toContain(chatwootUrl);
    const alone = await open(context);
    await alone.goto(replyrankUrl);
    await alone.getByRole('heading', { name: 'Sign in to Replyrank' }).waitFor();
    await alone.close();
  });
});

describe('inside Chatwoot', () => {
  test('a conversation that has not arrived is ranked by its text, and said not to be recorded', async () => {
    await openConversation(7, 'Hello', 'I ordered my new card two weeks ago. When will it arrive?');
    await inFrame().getByText('This ticket has not arrived in Replyrank yet').waitFor();
    await inFrame().getByText('Your choice is not recorded until the ticket arrives').waitFor();
    await expect.poll(() => replies().count()).toBe(3);
    await inFrame().getByText('Show ticket text').click();
    expect(await inFrame().getByTestId('ticket-body').innerText()).toBe(
      'Hello\n\nI ordered my new card two weeks ago. When will it arrive?',
    );
    expect(await inFrame().getByRole('button', { name: 'No reply fits' }).count()).toBe(0);
  });

  test('it follows by itself when the ticket arrives', async () => {
    await write('chatwoot', '7', 'Where is my card', 'I ordered my new card two weeks ago. When will it arrive?');
    await heading('Where is my card').waitFor();
    await expect.poll(() => replies().count()).toBe(3);
    expect(await inFrame().getByText('has not arrived in Replyrank yet').count()).toBe(0);
    expect(await replies().first().innerText()).toMatch(/Hi Grace,[^]*\d+%|\d+%[^]*Hi Grace,/);
  });

  test('two keys answer it: the reply is recorded and lies on the clipboard, though the frame may not use it', async () => {
    expect(await page.locator('iframe').getAttribute('allow')).toBeNull();
    const title = await replies().first().getByRole('heading').innerText();
    await heading('Where is my card').click();
    await page.keyboard.press('1');
    await page.keyboard.press('Enter');
    await inFrame()
      .getByText(`“Where is my card”: answered with “${title}”. Copied. Paste it into your helpdesk to send.`)
      .waitFor();
    await inFrame().getByText('This ticket has already been handled').waitFor();
    await expect.poll(() => choicesOf('chatwoot', '7')).toMatchObject([{ outcome: 'used', agent: 'ada' }]);
    await page.getByLabel('Reply box').focus();
    await page.keyboard.press('Control+V');
    await expect.poll(() => page.getByLabel('Reply box').inputValue()).toMatch(/^Hi Grace,/);
  });

  test('U undoes it', async () => {
    await heading('Where is my card').click();
    await page.keyboard.press('u');
    await inFrame().getByText('This ticket has already been handled').waitFor({ state: 'detached' });
    await expect.poll(() => choicesOf('chatwoot', '7')).toHaveLength(2);
  });

  test('another conversation is another ticket, without a reload; what is half written is there again', async () => {
    await write('chatwoot', '8', 'Lost my phone', 'I lost my phone with the app on it, what now?');
    await page.keyboard.press('1');
    await page.keyboard.press('e');
    const editor = inFrame().getByRole('textbox', { name: 'Edit reply' });
    await editor.fill('Dear Grace, half a');
    await page.evaluate('window.loads = 0; frame.addEventListener("load", () => loads++)');
    await openConversation(8);
    await heading('Lost my phone').waitFor();
    expect(await editor.count()).toBe(0);
    await openConversation(7);
    await heading('Where is my card').waitFor();
    expect(await editor.inputValue()).toBe('Dear Grace, half a');
    expect(await page.evaluate('loads')).toBe(0);
    await editor.press('Escape');
  });

  test('all replies can be searched', async () => {
    await openConversation(8);
    await heading('Lost my phone').click();
    await expect.poll(() => replies().count()).toBe(3);
    await page.keyboard.press('/');
    await page.keyboard.type('minimun agge');
    const found = inFrame().getByRole('listbox', { name: 'Search results' }).getByRole('option');
    await found.getByText('Minimum age for an account').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    await expect.poll(() => choicesOf('chatwoot', '8')).toMatchObject([{ outcome: 'none-fits' }]);
  });

  test('a frame beside it that pretends to be Chatwoot changes nothing', async () => {
    await page.evaluate(`{
      const forger = document.createElement('iframe');
      forger.srcdoc = '<script>parent.frames[0].postMessage(JSON.stringify({ event: "appContext", data: { conversation: { id: 7, messages: [] } } }), "*")</' + 'script>';
      document.body.append(forger);
      window.forged = new Promise((settle) => forger.addEventListener('load', settle));
    }`);
    await page.evaluate('window.forged');
    // What Chatwoot itself says afterwards is heard: the forged message has been read by then.
    await openConversation(9, 'How do I change my PIN?');
    await heading('Ticket 9').waitFor();
    expect(await heading('Where is my card').count()).toBe(0);
  });

  test('a reply for what is not recorded is copied, and nothing is stored of it', async () => {
    await expect.poll(() => replies().count()).toBe(3);
    await inFrame().getByRole('button', { name: 'Shortcuts' }).click();
    await inFrame().getByRole('dialog').getByText('Search all replies').waitFor();
    expect(await inFrame().getByRole('dialog').getByText('Next or previous ticket').count()).toBe(0);
    await page.keyboard.press('Escape');
    await inFrame().getByRole('dialog').waitFor({ state: 'detached' });
    await replies().first().getByRole('button', { name: 'Select' }).click();
    await page.keyboard.press('e');
    const editor = inFrame().getByRole('textbox', { name: 'Edit reply' });
    await editor.fill('Your PIN is yours to change.');
    await page.keyboard.press('Control+Enter');
    await inFrame().getByText('Copied. Paste it into your helpdesk to send. Not recorded.').waitFor();
    expect(await choicesOf('chatwoot', '9')).toEqual([]);
  });
});

describe('for everybody', () => {
  const usual = { width: 340, height: 640, scheme: null };
  test.for([
    ['as narrow as 280 px', { ...usual, width: 280 }],
    ['in the dark', { ...usual, scheme: 'dark' as const }],
    ['at 200 % zoom', { ...usual, width: 170, height: 320 }],
  ] as const)('axe finds nothing wrong with the page %s, and nothing sticks out', async ([, size]) => {
    await page.evaluate(`Object.assign(frame.style, { width: '${size.width}px', height: '${size.height}px' })`);
    await page.emulateMedia({ colorScheme: size.scheme });
    for (const [id, name] of [
      [7, 'Where is my card'],
      [9, 'Ticket 9'],
    ] as const) {
      await openConversation(id, 'How do I change my PIN?');
      await heading(name).waitFor();
      await expect.poll(() => replies().count()).toBe(3);
      const { violations } = await new AxeBuilder({ page }).include(['iframe[title=Replyrank]']).analyze();
      expect(violations.map((one) => `${one.id} ${one.nodes[0]?.html ?? ''}`)).toEqual([]);
      const widths =
        '[document.documentElement, ...document.querySelectorAll(".pane-scroll")].map((one) => one.scrollWidth)';
      const wide = await inFrame().locator('html').evaluate<number[], unknown>(widths);
      expect(Math.max(...wide)).toBe(size.width);
    }
    await page.emulateMedia({ colorScheme: null });
    await page.evaluate(`Object.assign(frame.style, { width: '340px', height: '640px' })`);
  });

  test('in German', async () => {
    await inFrame().getByRole('button', { name: 'More', exact: true }).click();
    await inFrame().getByRole('menuitem', { name: 'Deutsch' }).click();
    await inFrame().getByText('Dieses Ticket ist noch nicht in Replyrank angekommen').waitFor();
    await inFrame().getByRole('button', { name: 'Mehr', exact: true }).click();
    await inFrame().getByRole('menuitem', { name: 'English' }).click();
    await inFrame().getByText('This ticket has not arrived in Replyrank yet').waitFor();
  });
});

describe('signing in by a window', () => {
  test('a window that is signed in hands its session over to the frame, and closes', async () => {
    await inFrame().getByRole('button', { name: 'More', exact: true }).click();
    await inFrame().getByRole('menuitem', { name: 'Sign out' }).click();
    await inFrame().getByRole('heading', { name: 'Sign in to Replyrank' }).waitFor();
    const opening = context.waitForEvent('page');
    await inFrame().getByRole('button', { name: 'Sign in in a new window' }).click();
    const window = await opening;
    await window.getByLabel('Name').fill('ada');
    await window.locator('input[name=password]').fill(password);
    const closing = window.waitForEvent('close');
    await window.keyboard.press('Enter');
    await closing;
    await heading('Ticket 9').waitFor();
    const names = (await context.cookies(`${replyrankUrl}/api/v1/me`)).map(({ name }) => name).toSorted();
    expect(names).toEqual(['replyrank_embedded', 'replyrank_session']);
  });
});

describe('inside Zendesk', () => {
  test('another helpdesk is another place: one signs in there too, by the window that is signed in already', async () => {
    await write('helpdesk', '1', 'Top-up failed', 'My top-up failed, why?');
    await page.goto(`${zendeskUrl}/agent/tickets/1?ticket=1`);
    await inFrame().getByRole('button', { name: 'Sign in in a new window' }).click();
    await heading('Top-up failed').waitFor();
    await expect.poll(() => replies().count()).toBe(3);
    expect(await page.evaluate<string>('frame.style.height')).toBe('640px');
  });

  test('a reply is recorded, and stands in the editor', async () => {
    await replies().first().getByRole('button', { name: 'Select' }).click();
    await replies().first().getByRole('button', { name: 'Edit' }).click();
    const editor = inFrame().getByRole('textbox', { name: 'Edit reply' });
    await editor.fill('Hi Grace,\nplease try again.');
    await page.keyboard.press('Control+Enter');
    await inFrame().getByText('Inserted into the helpdesk’s editor.').waitFor();
    await expect.poll(() => page.getByLabel('Reply box').inputValue()).toBe('Hi Grace,\nplease try again.');
    await expect.poll(() => choicesOf('helpdesk', '1')).toMatchObject([{ outcome: 'edited', agent: 'ada' }]);
  });

  test('where the editor takes nothing, the reply is copied', async () => {
    await page.keyboard.press('u');
    await inFrame().getByText('This ticket has already been handled').waitFor({ state: 'detached' });
    await page.evaluate('editor.disabled = true');
    await replies().first().getByRole('button', { name: 'Select' }).click();
    await page.keyboard.press('e');
    await inFrame().getByRole('textbox', { name: 'Edit reply' }).fill('Hi again.');
    await page.keyboard.press('Control+Enter');
    await inFrame().getByText('Copied. Paste it into your helpdesk to send.').waitFor();
  });

  test('a ticket that has not arrived is ranked by what Zendesk knows of it', async () => {
    await page.goto(`${zendeskUrl}/agent/tickets/2?ticket=2`);
    await inFrame().getByText('This ticket has not arrived in Replyrank yet').waitFor();
    await heading('Top-up').waitFor();
    await expect.poll(() => replies().count()).toBe(3);
  });

  test('an address that names another Zendesk as its host is not followed', async () => {
    await page.evaluate(`frame.src = '${replyrankUrl}/embed/zendesk?app_guid=b7c1&origin=https://evil.zendesk.com'`);
    await inFrame().getByText('This helpdesk is not allowed to embed Replyrank').waitFor();
  });
});

test('any other helpdesk names the ticket in the address', async () => {
  await page.goto(chatwootUrl);
  await page.evaluate(`frame.src = '${replyrankUrl}/embed?source=chatwoot&ticketId=7'`);
  await heading('Where is my card').waitFor();
  await page.evaluate(`frame.src = '${replyrankUrl}/embed?source=chatwoot'`);
  await inFrame().getByText('The address does not identify a ticket').waitFor();
});

test('where the browser keeps no cookie inside another page, it is said, with a way out', async () => {
  const strict = await freshContext();
  const guarded = await open(strict);
  // As a browser does that blocks them all: none is kept.
  await guarded.route(`${replyrankUrl}/api/v1/sign-in`, async (route) => {
    if (route.request().method() === 'POST') await route.fulfill({ status: 204 });
    else await route.continue();
  });
  await guarded.goto(chatwootUrl);
  await guarded.evaluate('open(7)');
  await inFrame(guarded).getByRole('heading', { name: 'Sign in to Replyrank' }).waitFor();
  await signInWithin(guarded);
  await inFrame(guarded).getByText('Your browser blocks sign-in cookies for embedded pages').waitFor();
  const link = inFrame(guarded).getByRole('link', { name: 'Open in its own window' });
  expect(await link.getAttribute('href')).toBe('/embed?source=chatwoot&ticketId=7');
  await strict.close();
});
