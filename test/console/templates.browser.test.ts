/**
 * What a lead relies on who keeps the templates in order: in a real browser, against the whole service. The steps build on one
 * another.
 */
import { randomUUID } from 'node:crypto';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSignInLink } from '../../src/access/access.service.js';
import type { Role } from '../../src/records/access/api-token.entity.js';
import { importTemplates } from '../../src/suggest/templates/templates.service.js';
import { wholeService, type TestApp } from '../support/app.js';
import { launchBrowser, stepTimeoutMs } from '../support/browser.js';
import { stopAtFirstFailure } from '../support/steps.js';
import { arrive, aTicket } from '../support/tickets.js';

let service: TestApp;
/** One each: a browser of this build runs in a single process, where a second context hangs. */
const browsers: Browser[] = [];
/** The lead's. */
let page: Page;
/** An agent's, with a ticket open. */
let desk: Page;
let url: string;
/** What the browser refused or could not run, and which other hosts it was sent to. */
const complaints: string[] = [];

stopAtFirstFailure(() => page.locator('body').innerText());
beforeAll(async () => {
  service = await wholeService();
  url = (await service.app.getUrl()).replace('[::1]', 'localhost');
  const templates = [
    { id: 'card-arrival', title: 'Card arrival', body: 'Hi {{customer.firstName}}, your new card comes by post.' },
    { id: 'card-lost', title: 'Card lost', body: 'We have blocked your lost or stolen card at once.' },
    { id: 'refund', title: 'Refund', body: 'We have given you your money back.' },
    { id: 'exchange', title: 'Exchange rate', body: 'We change money at the rate of the banks, without a fee.' },
  ];
  await service.dataSource.transaction((manager) =>
    importTemplates(
      manager,
      templates.map((one) => ({ ...one, contactTypes: [] })),
      { actor: 'test' },
    ),
  );
  page = await newPage();
  desk = await newPage();
  await signIn(desk, 'agent');
  await signIn(page, 'lead');
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await service.stop();
});
afterEach(() => expect(complaints.splice(0)).toEqual([]));

async function newPage(): Promise<Page> {
  const browser = await launchBrowser();
  browsers.push(browser);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en' });
  const made = await context.newPage();
  made.setDefaultTimeout(stepTimeoutMs);
  made.on('pageerror', (error) => complaints.push(error.message));
  made.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load')) complaints.push(message.text());
  });
  made.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`);
  });
  return made;
}

async function signIn(where: Page, role: Role): Promise<void> {
  await where.context().clearCookies();
  await where.goto(url + (await createSignInLink(service.dataSource.manager, { name: `the ${role}`, role }, 3600)));
  await where.getByText(`the ${role}`, { exact: true }).waitFor();
}

const main = () => page.getByRole('main');
const heading = (name: string) => main().getByRole('heading', { level: 2, name });
const dialog = () => page.getByRole('dialog');
const row = (title: string) => main().getByRole('row').filter({ hasText: title });
const button = (name: string) => main().getByRole('button', { name, exact: true });
const section = (name: string) =>
  main()
    .locator('section')
    .filter({ has: page.getByRole('heading', { name }) });
const titles = () => main().locator('td[data-column=title] a').allInnerTexts();
const selection = (name: string) => main().getByRole('button', { name: new RegExp(`^${name}`) });

async function goToList(): Promise<void> {
  await page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name: 'Templates' }).click();
  await heading('Reply templates').waitFor();
}
async function open(title: string): Promise<void> {
  await main().getByRole('link', { name: title, exact: true }).click();
  await main().getByRole('textbox', { name: 'Title' }).waitFor();
}
const patch = (id: string, body: object) =>
  service.request.patch(`/api/v1/templates/${id}`).set(service.as('admin')).send(body).expect(200);
const stored = async (id: string) =>
  (await service.request.get(`/api/v1/templates/${id}`).set(service.as('agent'))).body as {
    title: string;
    body: string;
    state: string;
    mergedInto: string | null;
    revision: number;
  };

async function answered(body: string, choice: object, by: Role = 'agent'): Promise<string> {
  const ticketId = randomUUID();
  await arrive(service.dataSource, [
    aTicket(ticketId, { subject: 'A question', body, fields: { 'customer.firstName': 'Grace' } }),
  ]);
  await service.request
    .post(`/api/v1/tickets/helpdesk/${ticketId}/choices`)
    .set(service.as(by))
    .send({ choiceId: randomUUID(), ...choice })
    .expect(201);
  return ticketId;
}

describe('the list', () => {
  test('says how each template does, and finds what is never used', async () => {
    const shown = ['card-arrival', 'card-lost'];
    for (const templateId of ['card-arrival', 'card-lost', 'card-lost'])
      await answered('Where is my card?', { outcome: 'used', templateId, shown });
    await goToList();
    await main().getByText('4 reply templates').waitFor();
    await expect.poll(() => row('Card arrival').innerText()).toMatch(/Active\s+3\s+33%\s+of 3\s+1/);
    await selection('Never used').click();
    await expect.poll(titles).toEqual(['Refund', 'Exchange rate']);
    await selection('Often confused').click();
    await row('Card arrival').getByText('2 of 2 times').waitFor();
    await row('Card arrival').getByRole('link', { name: 'Card lost' }).waitFor();
  });

  test('is searched by words of the text, also mistyped, sorted by its heads, and stands in the address', async () => {
    await selection('All').click();
    await page.keyboard.press('/');
    await page.keyboard.type('stollen');
    await expect.poll(titles).toEqual(['Card lost']);
    await page.keyboard.press('Escape');
    await button('Used').click();
    await expect.poll(async () => (await titles())[0]).toBe('Card lost');
    await expect.poll(() => new URL(page.url()).search).toBe('?sort=-used');
    await open('Card lost');
    await main().getByRole('link', { name: 'All templates' }).click();
    await expect.poll(async () => (await titles())[0]).toBe('Card lost');
    await expect.poll(() => new URL(page.url()).search).toBe('?sort=-used');
  });
});

describe('a template', () => {
  test('is edited beside what agents see of it: misspelt placeholders are marked and fixed', async () => {
    await open('Card arrival');
    const preview = main().getByTestId('preview');
    await preview.getByText('Grace').waitFor();
    const reply = main().getByRole('textbox', { name: 'Reply' });
    await reply.fill('Hi {{customer.fistName}}, your new card comes by post within {{card.days} days.');
    await preview.locator('mark[data-unknown]').getByText('customer.fistName').waitFor();
    await main().getByText('“{{card.days}” is not a valid placeholder').waitFor();
    await main().getByText('Did you mean customer.firstName?').waitFor();
    await button('Replace').click();
    await preview.getByText('Grace').waitFor();
    await reply.fill('Hi {{customer.firstName}}, your new card comes by post within five days.');
    await main().getByText('All placeholders match ticket fields').waitFor();
    await button('Save').click();
    await main().getByText('Saved.').waitFor();
    expect(await stored('card-arrival')).toMatchObject({ revision: 2 });
  });

  test('has a history that shows the change', async () => {
    const history = section('Version history');
    await history.getByText('Version 2').waitFor();
    await expect
      .poll(() => history.locator('ins').allInnerTexts())
      .toEqual([expect.stringContaining('within five days') as string]);
    await history.getByText('the lead', { exact: false }).waitFor();
    await history.getByRole('button', { name: 'Restore this version' }).click();
    await expect
      .poll(() => main().getByRole('textbox', { name: 'Reply' }).inputValue())
      .toBe('Hi {{customer.firstName}}, your new card comes by post.');
    await main().getByText('Unsaved changes').waitFor();
  });

  test('is not left with unsaved changes unasked, and they outlive a reload', async () => {
    await main().getByRole('link', { name: 'All templates' }).click();
    await dialog().getByText('You have unsaved changes').waitFor();
    await dialog().getByRole('button', { name: 'Stay on this page' }).click();
    await dialog().waitFor({ state: 'detached' });
    await main().getByText('Unsaved changes').waitFor();
    page.once('dialog', (asked) => void asked.accept());
    await page.reload();
    await main().getByText('Your unsaved changes have been restored.').waitFor();
    await main().getByRole('link', { name: 'All templates' }).click();
    await dialog().getByRole('button', { name: 'Discard and leave' }).click();
    await heading('Reply templates').waitFor();
    expect((await stored('card-arrival')).revision).toBe(2);
  });

  test('that somebody else changes meanwhile is not overwritten: what they did is shown first', async () => {
    await open('Card arrival');
    await main().getByRole('textbox', { name: 'Title' }).fill('Card on its way');
    await patch('card-arrival', { body: 'Hi {{customer.firstName}}, your new card comes by post within nine days.' });
    const conflict = main()
      .getByRole('alert')
      .filter({ hasText: 'the admin has updated this template in the meantime' });
    await conflict.locator('ins').getByText('nine').waitFor();
    expect(await button('Save').isDisabled()).toBe(true);
    await conflict.getByRole('button', { name: 'Use their changes' }).click();
    await expect.poll(() => main().getByRole('textbox', { name: 'Reply' }).inputValue()).toContain('nine days');
    await main().getByRole('textbox', { name: 'Title' }).fill('Card on its way');
    await patch('card-arrival', { title: 'Card by post' });
    await conflict.getByRole('button', { name: 'Keep my changes' }).click();
    await page.keyboard.press('Control+s');
    await expect.poll(() => stored('card-arrival')).toMatchObject({ title: 'Card on its way', revision: 5 });
    expect((await stored('card-arrival')).body).toContain('nine days');
  });

  test('that is being saved can be written on and left without a question', async () => {
    const ofTemplate = '**/templates/card-arrival';
    let release = (): void => undefined;
    const isReleased = new Promise<void>((settle) => (release = settle));
    // It stays: what is on its way while a browser stops holding requests up may be lost.
    await page.route(ofTemplate, async (route) => {
      if (route.request().method() === 'PATCH') await isReleased;
      await route.continue();
    });
    // The save of the step before may be on its way still: what is typed meanwhile stays.
    await main().getByRole('textbox', { name: 'Title' }).fill('Card in the post');
    await expect.poll(() => button('Save').isEnabled()).toBe(true);
    await page.keyboard.press('Control+s');
    await goToList();
    release();
    await row('Card in the post').waitFor();
    await open('Card in the post');
    await section('Version history').getByText('Version 6').waitFor();
    expect(await main().getByText('Unsaved changes').count()).toBe(0);
  });

  test('is merged into another after one confirmation, and the merge is undone', async () => {
    await goToList();
    await open('Refund');
    await button('Merge into …').click();
    await dialog().getByText('count towards the other template').waitFor();
    await dialog().getByPlaceholder('Title of the template to keep').fill('Exch');
    await dialog().getByRole('option', { name: 'Exchange rate' }).click();
    await dialog().getByRole('button', { name: 'Merge into …' }).click();
    await expect.poll(() => stored('refund')).toMatchObject({ state: 'retired', mergedInto: 'exchange' });
    await button('Undo merge').click();
    await dialog().getByRole('button', { name: 'Undo merge' }).click();
    await expect.poll(() => stored('refund')).toMatchObject({ state: 'allowed', mergedInto: null });
  });

  test('is written as a draft, and allowed when it is ready', async () => {
    await goToList();
    await main().getByRole('link', { name: 'New template' }).click();
    await main().getByRole('textbox', { name: 'Title' }).fill('Gebühren ändern');
    await main().getByRole('textbox', { name: 'Reply' }).fill('Hi ');
    await button('Insert customer.firstName').click();
    await button('Save as draft').click();
    await main().getByText('Not visible to agents yet.').waitFor();
    expect(await stored('gebuhren-andern')).toMatchObject({ state: 'draft', body: 'Hi {{customer.firstName}}' });
    await button('Activate').click();
    await dialog().getByText('is suggested to agents and included in search').waitFor();
    await dialog().getByRole('button', { name: 'Activate' }).click();
    await expect.poll(() => stored('gebuhren-andern')).toMatchObject({ state: 'allowed' });
  });
});

describe('a flagged template', () => {
  test('comes up by itself, is blocked with one click, and vanishes from an open ticket', async () => {
    const ticketId = randomUUID();
    const body = 'My card was lost or stolen, please block it';
    await arrive(service.dataSource, [aTicket(ticketId, { subject: 'Stolen', body })]);
    await desk.getByRole('button', { name: 'Stolen' }).click();
    const reply = desk.getByRole('list', { name: 'Suggested replies' }).getByRole('heading', { name: 'Card lost' });
    await reply.waitFor();
    await goToList();
    await selection('Flagged').click();
    await main().getByText('No flagged templates').waitFor();
    const card = desk.getByRole('listitem').filter({ has: desk.getByRole('heading', { name: 'Card lost' }) });
    await card.getByRole('button', { name: 'More actions for this reply' }).click();
    await desk.getByRole('menuitem', { name: 'outdated' }).click();
    await desk.getByRole('dialog').getByText('Reason: outdated').waitFor();
    // Keys of the page are letters here.
    await desk.keyboard.type('1 none of our cards is yellow <b>any more</b>');
    await desk.keyboard.press('Enter');
    await desk.getByText('Flag submitted.').waitFor();
    await row('Card lost').getByText('outdated').waitFor();
    await button('Block “Card lost”').click();
    await reply.waitFor({ state: 'detached' });
    await main().getByText('“Card lost” is blocked').waitFor();
    await main().getByText('No flagged templates').waitFor();
    await button('Undo').click();
    await reply.waitFor();
  });

  test('says on its page who flagged it, why, and on which ticket', async () => {
    await selection('All').click();
    await open('Card lost');
    const flags = section('Flags');
    await expect.poll(() => flags.innerText()).toMatch(/outdated[^]*the agent[^]*none of our cards is yellow <b>any more<\/b>[^]*My card was lost or stolen/); // prettier-ignore
  });
});

describe('the team', () => {
  test('sees what agents answer differently, with the templates that they take for one another', async () => {
    const body = 'Do you change my money at the airport, and for how much?';
    await answered(body, { outcome: 'other-template', templateId: 'exchange' });
    await answered(body, { outcome: 'other-template', templateId: 'refund' }, 'lead');
    const watched = () =>
      service.query(`SELECT 1 FROM observed_tickets o JOIN tickets t ON t.id = o.ticket WHERE t.body = $1`, [body]);
    await expect.poll(async () => (await watched()).length).toBe(2);
    await page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name: 'Team' }).click();
    await heading('Team').waitFor();
    await main().getByText('Exchange rate ↔ Refund').or(main().getByText('Refund ↔ Exchange rate')).waitFor();
    await main().getByText('No clusters yet').waitFor();
    expect(await main().innerText()).not.toMatch(/the (agent|lead)/);
    await main().getByRole('link', { name: 'Refund' }).click();
    await heading('Refund').waitFor();
    for (const role of ['agent', 'ml'] as const) {
      await signIn(desk, role);
      expect(await desk.getByRole('link', { name: 'Team' }).count()).toBe(0);
    }
    await signIn(desk, 'agent');
  });
});

describe('a file of templates', () => {
  const choose = async (name: string, text: string): Promise<void> => {
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      main()
        .getByRole('button', { name: /Choose (another )?file/ })
        .click(),
    ]);
    await chooser.setFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
  };

  test('with a bad line is refused, and the line is named', async () => {
    await goToList();
    await main().getByRole('link', { name: 'Import' }).click();
    const line = (id: string) => JSON.stringify({ id, title: 'New here', body: 'A body' });
    await choose('bad.jsonl', `${line('new-1')}\n${line('no id')}\n`);
    const said = main().getByRole('alert').filter({ hasText: 'No changes were made' });
    expect(await said.innerText()).toMatch(/Line 2\s+id: must be 1 to 128/);
    expect((await service.request.get('/api/v1/templates/new-1').set(service.as('agent'))).status).toBe(404);
  });

  test('shows what it would do, and does it when told to', async () => {
    const csv =
      'id,title,body\nnew-1,New here,A body\nexchange,Exchange rates,"We change money at the rate of the banks, without a fee."\n';
    await choose('good.csv', csv);
    await main().getByText('Preview of good.csv').waitFor();
    const found = main().getByRole('region', { name: 'Action' });
    expect(await found.innerText()).toMatch(/New here[^]*create[^]*Exchange rates[^]*update: title/);
    await button('Import 2 templates').click();
    await main().getByText('Import complete: 1 new, 1 updated, 0 unchanged.').waitFor();
    expect(await stored('exchange')).toMatchObject({ title: 'Exchange rates' });
  });

  test('is downloaded whole', async () => {
    await goToList();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      main().getByRole('link', { name: 'Export' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('templates.jsonl');
  });
});

describe('for everybody', () => {
  const usual = { width: 1280, height: 800 };
  const places: Record<string, string> = {
    '/templates': 'Reply templates',
    '/templates?show=flagged': 'Reply templates',
    '/templates/t/card-lost': 'Card lost',
    '/templates/new': 'New template',
    '/templates/import': 'Import templates',
    '/team': 'Team',
  };
  const settings = [
    ['usually', usual, null],
    ['in the dark', usual, 'dark'],
    ['at 200 % zoom', { width: 640, height: 400 }, null],
    ['on a narrow screen', { width: 360, height: 640 }, null],
  ] as const;
  test.for(Object.entries(places))('axe finds nothing wrong with %s, and nothing sticks out', async ([path, name]) => {
    await page.goto(url + path);
    await heading(name).waitFor();
    await expect.poll(() => main().locator('.ml-loading, .mantine-Skeleton-root').count()).toBe(0);
    for (const [setting, size, colorScheme] of settings) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(size);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${setting}: ${id} ${nodes[0]?.html ?? ''}`)).toEqual([]);
      const widths = `[document.documentElement, document.querySelector('.page')].map(({ scrollWidth }) => scrollWidth)`;
      const [whole, inner = 0] = await page.evaluate<number[]>(widths);
      expect(whole, setting).toBe(size.width);
      expect(inner, setting).toBeLessThanOrEqual(size.width);
    }
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize(usual);
  });

  test('they speak German too', async () => {
    await page.goto(`${url}/templates`);
    await page.getByRole('combobox', { name: 'Language' }).selectOption('de');
    await heading('Antwortvorlagen').waitFor();
    await main().getByRole('link', { name: 'Neue Vorlage' }).waitFor();
    await page.getByRole('combobox', { name: 'Sprache' }).selectOption('en');
  });

  test('2,000 templates are searched and walked to the last; only rows that are seen are drawn', async () => {
    await service.query(
      `INSERT INTO templates (id, title, body, state) SELECT 'many-' || n, 'Many ' || n, 'The body of ' || n, 'draft'
         FROM generate_series(1, 2000) AS n`,
    );
    await page.goto(`${url}/templates?state=draft`);
    await row('Many 1').first().waitFor();
    expect(await main().getByRole('row').count()).toBeLessThan(60);
    const last = () => main().locator('tr[aria-rowindex]').last().getAttribute('aria-rowindex');
    await expect
      .poll(async () => {
        await page.evaluate('document.querySelector(".template-table").scrollTo(0, 1e9)');
        return last();
      })
      .toBe('2001');
    await main().getByRole('searchbox', { name: 'Search templates' }).fill('1234');
    await expect.poll(titles).toEqual(['Many 1234']);
  });

  test('an engineer reads them and changes nothing; an agent has the queue alone', async () => {
    await signIn(page, 'ml');
    await page.goto(`${url}/templates/t/card-lost`);
    await main().getByText('Only leads and admins can edit templates.').waitFor();
    expect(await main().getByRole('textbox', { name: 'Reply' }).getAttribute('readonly')).not.toBeNull();
    for (const name of ['Save', 'Block', 'Retire']) expect(await button(name).count()).toBe(0);
    await page.goto(`${url}/templates/new`);
    await heading('Reply templates').waitFor();
    expect(await main().getByRole('link', { name: 'Import' }).count()).toBe(0);
    await desk.goto(`${url}/templates/t/card-lost`);
    await desk.getByRole('navigation', { name: 'Open tickets' }).waitFor();
    await expect.poll(() => new URL(desk.url()).pathname).toBe('/');
  });
});
