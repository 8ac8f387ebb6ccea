/**
 * What an ML engineer relies on in the browser: a real one, against the whole service. The steps build on one another: an alert
 * is understood and acknowledged, a training is started, followed and promoted, and rolled back.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { Kafka } from 'kafkajs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSignInLink } from '../../src/access/access.service.js';
import { connectKafka } from '../../src/ingest/kafka.js';
import { updateAlerts } from '../../src/monitoring/alerts/alert-store.js';
import type { Role } from '../../src/records/access/api-token.entity.js';
import { moveAlias } from '../../src/suggest/versions/model-registry.js';
import { wholeService, type TestApp } from '../support/app.js';
import { launchBrowser, stepTimeoutMs } from '../support/browser.js';
import { importSampleHistory } from '../support/history.js';
import { produce } from '../support/kafka.js';
import { scratchFolder } from '../support/models.js';
import { trainedVersion } from '../support/trained.js';
import { stopAtFirstFailure } from '../support/steps.js';

let service: TestApp;
let kafka: Kafka;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let browser: Browser;
let page: Page;
let url: string;
let firstVersion: string;
/** What the browser refused or could not run, and which other hosts it was sent to. */
const complaints: string[] = [];

stopAtFirstFailure(() => page.locator('body').innerText());
beforeAll(async () => {
  scratch = await scratchFolder();
  service = await wholeService({ MODEL_DIR: scratch.folder, MONITOR_WINDOW_S: '2', MONITOR_LATENESS_S: '1' });
  url = (await service.app.getUrl()).replace('[::1]', 'localhost');
  kafka = connectKafka(service.config);
  firstVersion = await trainedVersion(service, { types: 6, each: 20, source: 'first' });
  await service.dataSource.transaction((manager) => moveAlias(manager, 'champion', firstVersion, 'test'));
  browser = await launchBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en' });
  page = await context.newPage();
  page.setDefaultTimeout(stepTimeoutMs);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load')) complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`);
  });
  await signIn('ml');
});
afterAll(async () => {
  await browser.close();
  await service.stop();
  await scratch.remove();
});
afterEach(() => expect(complaints.splice(0)).toEqual([]));

/** The previous session is gone. */
async function signIn(role: Role): Promise<void> {
  await page.context().clearCookies();
  await page.goto(url + (await createSignInLink(service.dataSource.manager, { name: `the ${role}`, role }, 3600)));
  await page.getByText(`the ${role}`, { exact: true }).waitFor();
}

const heading = (name: string | RegExp) => page.getByRole('main').getByRole('heading', { level: 2, name });
const main = () => page.getByRole('main');
const dialog = () => page.getByRole('dialog');
/** Presses a button, reads what it will do, and says yes. */
async function confirm(name: string, says: RegExp, fill: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  await main().getByRole('button', { name, exact: true }).first().click();
  await dialog().getByText(says).waitFor();
  await fill();
  await dialog().getByRole('button', { name, exact: true }).click();
  await dialog().waitFor({ state: 'detached' });
}
async function go(name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name, exact: true }).click();
}
const champion = async (): Promise<string | undefined> => {
  const [row] = await service.query<{ version: string }>(`SELECT version FROM model_aliases WHERE alias = 'champion'`);
  return row?.version;
};

async function raiseAlert(): Promise<void> {
  const [ticket] = await service.query<{ id: number }>('SELECT id FROM tickets ORDER BY id LIMIT 1');
  const about = { by: 'all' as const, value: '' };
  const effect = { value: 0.1, low: 0.05, high: 0.15, unit: 'share of tickets' };
  const finding = { signal: 'embedding', slice: about, statistic: 12, pValue: null, evidence: 12, alarm: true, effect };
  const seen = {
    cause: 'new-topic:',
    group: 'drift',
    action: 'label-first' as const,
    headline: 'One ticket in ten is of a new topic.',
    message: { key: 'new-topic', params: { now: 0.1, before: 0.01 } },
    findings: [{ ...finding, explanation: '10.0 pp of tickets beyond the 95th reference percentile.' }],
    evidence: {
      tickets: 500,
      causes: [{ kind: 'new-topic', subject: '', share: 0.1, pValue: 0.001, sentence: 'They ask about crypto.' }],
      words: ['crypto', 'wallet'],
      contactTypes: [{ name: 'card_arrival', before: 0.2, now: 0.3, part: 0.5 }],
    },
    examples: [ticket?.id ?? 0],
  };
  const look = { modelVersion: firstVersion, stream: 'tickets' as const, at: new Date(), deliver: false };
  await service.dataSource.transaction((manager) =>
    updateAlerts(manager, { ...look, causes: [seen], groupOf: (cause) => cause }),
  );
}

describe('an alert', () => {
  test('is shown on the first page', async () => {
    await heading('Today').waitFor();
    await main().getByText('Not enough data yet', { exact: true }).waitFor();
    await main().getByText('the monitor has not processed any tickets').waitFor();
    await raiseAlert();
    await main().getByText('1 open alert', { exact: true }).waitFor();
    await main().getByText('collect labels').waitFor();
  });

  test('is understood: why, in which words and tickets, for whom, and what moved', async () => {
    await main().getByRole('link', { name: 'One ticket in ten is of a new topic.' }).click();
    await heading('One ticket in ten is of a new topic.').waitFor();
    await main().getByText('They ask about crypto.').waitFor();
    await main().getByText('wallet', { exact: true }).waitFor();
    await main().getByText('first ', { exact: false }).first().waitFor();
    const types = main().getByRole('region', { name: 'Affected contact types' });
    expect(await types.innerText()).toMatch(/card_arrival\s+20.0%\s+30.0%\s+\+10.0/);
    const moved = main().getByRole('region', { name: 'Drifted signals' });
    expect(await moved.innerText()).toMatch(/Embedding drift\s+all tickets\s+\+10.0\s*\+5.0 – \+15.0/);
  });

  test('is acknowledged, snoozed with a reason, and closed with one', async () => {
    await confirm('Acknowledge', /Assigns the alert to you/);
    await main().getByText('acknowledged', { exact: true }).waitFor();
    await main().getByText('the ml', { exact: true }).waitFor();
    const why = (reason: string) => () => dialog().getByLabel('Reason').fill(reason);
    await confirm('Snooze', /Silences the alert/, why('after the sale'));
    await main().getByText('snoozed', { exact: true }).waitFor();
    await confirm('Close', /Closes the alert with your reason/, why('there is a template now'));
    await main().getByText('closed', { exact: true }).waitFor();
    const steps = await service.query<{ kind: string }>('SELECT kind FROM alert_events ORDER BY id');
    expect(steps.map(({ kind }) => kind)).toEqual(['opened', 'acknowledged', 'snoozed', 'closed']);
    await main().getByRole('link', { name: 'All alerts' }).click();
    await main().getByText('No alerts').waitFor();
  });
});

describe('drift and decisions', () => {
  test('before anything was counted the page says why it is empty; then every signal is drawn', async () => {
    await go('Drift');
    await main().getByText('No monitoring data for this version yet').waitFor();
    const occurredAt = new Date().toISOString();
    const tickets = Array.from({ length: 40 }, (_, index) => {
      const ticketId = `d-${index}`;
      const ticket = {
        source: 'desk',
        ticketId,
        occurredAt,
        event: 'created',
        body: `Where is my card number ${index}?`,
      };
      return { key: `desk:${ticketId}`, value: JSON.stringify(ticket) };
    });
    await produce(kafka, service.config.TOPIC_TICKETS, tickets);
    await main().getByRole('region', { name: 'All signals combined' }).waitFor();
    await main().getByRole('region', { name: 'Embedding drift' }).waitFor();
  });

  test('a look can be asked for, and is logged with its reasons', async () => {
    await go('Decisions');
    await confirm('Run check now', /Re-evaluates the latest monitoring results/);
    const log = main().getByRole('region', { name: 'Decision log' });
    await log.getByText('the ml').waitFor();
    expect(await log.innerText()).toMatch(/No drift detected/);
  });
});

describe('a training', () => {
  test('is started, followed, and shows its outcome', async () => {
    await importSampleHistory(service.dataSource, scratch.folder, { types: 6, each: 70, source: 'later' });
    await go('Training');
    await main().getByText('No training runs yet').waitFor();
    await confirm('Start training', /it is rolled out as configured/);
    await main()
      .getByText(/Run 1 (is running|is queued)/)
      .waitFor();
    await main().getByRole('progressbar').waitFor();
    await main().getByRole('link', { name: '#1', exact: true }).click();
    // A training has the lowest priority: beside other work it takes as long as it takes.
    await main().getByRole('heading', { name: 'Promotion gates' }).waitFor({ timeout: 1_200_000 });
    await main().getByText('Non-inferiority').first().waitFor();
    await main().getByRole('region', { name: 'All tickets' }).waitFor();
    await main().getByRole('img', { name: 'Loss' }).locator('canvas').waitFor();
    const [run] = await service.query<{ curves: object[] }>('SELECT curves FROM training_runs');
    expect(run?.curves.length).toBeGreaterThan(0);
  });

  test('its version, or the one before, is promoted; a roll-back leads back', async () => {
    const before = await champion();
    await go('Models');
    const versions = main().getByRole('region', { name: 'Versions' });
    await versions.getByRole('button', { name: 'Promote' }).click();
    await dialog()
      .getByText(/replaces .* for all agents/)
      .waitFor();
    await dialog().getByRole('button', { name: 'Promote' }).click();
    await dialog().waitFor({ state: 'detached' });
    await expect.poll(champion).not.toBe(before);
    await expect
      .poll(() => versions.getByRole('row').filter({ hasText: 'Champion' }).innerText())
      .toContain(await champion());
    await confirm('Roll back', /with the previous champion/);
    await expect.poll(champion).toBe(before);
    await main().getByText('Rolled back by the ml').first().waitFor();
  });

  test('a version ranks a share of the tickets until the rollout ends', async () => {
    const versions = main().getByRole('region', { name: 'Versions' });
    await versions.getByRole('button', { name: 'Canary' }).click();
    await dialog().getByLabel('Traffic share').fill('20');
    await dialog().getByRole('button', { name: 'Canary' }).click();
    await main().getByText('Canary, 20').first().waitFor();
    await confirm('Roll back', /Ends the rollout of/);
    await expect
      .poll(() => service.query('SELECT mode, share, outcome FROM rollouts'))
      .toMatchObject([{ mode: 'canary', outcome: 'rolled-back' }]);
  });

  test('a version’s report says how right it is, and where not', async () => {
    await main().getByRole('region', { name: 'Versions' }).getByRole('link', { name: firstVersion }).click();
    await heading(`Version ${firstVersion}`).waitFor();
    await main().getByRole('region', { name: 'Weakest slices' }).waitFor();
    await main().getByRole('img', { name: 'Calibration' }).locator('canvas').waitFor();
  });
});

describe('labels', () => {
  test('say how far agents agree on tickets that say the same, and on what they do not', async () => {
    const templates = await service.query<{ id: string; title: string }>('SELECT id, title FROM templates ORDER BY id');
    const [one, other] = templates;
    for (const [ticketId, agent, templateId] of [
      ['d-1', 'ada', one?.id],
      ['d-2', 'bob', other?.id],
    ]) {
      await service.request
        .post(`/api/v1/tickets/desk/${ticketId ?? ''}/choices`)
        .set(service.as('lead'))
        .send({ choiceId: `c-${agent ?? ''}`, agent, outcome: 'other-template', templateId })
        .expect(201);
    }
    await go('Labels');
    await main().getByRole('heading', { name: 'Inter-agent agreement' }).waitFor();
    await main().getByText('1 (2 answers)').waitFor();
    await main()
      .getByText(`${one?.title ?? ''} ↔ ${other?.title ?? ''}`)
      .waitFor();
    expect(await main().innerText()).not.toMatch(/\bada\b|\bbob\b/);
  });
});

describe('every page', () => {
  const pages = ['Today', 'Alerts', 'Drift', 'Decisions', 'Training', 'Models', 'Labels'];

  test.for(['light', 'dark'] as const)('has nothing that axe finds, in %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    for (const name of pages) {
      await go(name);
      await heading(name).waitFor();
      await expect.poll(() => page.getByRole('status', { name: 'Loading' }).count()).toBe(0);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${name}: ${id} ${nodes[0]?.html ?? ''}`)).toEqual([]);
    }
  });

  test('speaks German too, also what the service says', async () => {
    const turnTo = (name: string): Promise<void> =>
      page.getByRole('navigation', { name: 'Hauptnavigation' }).getByRole('link', { name, exact: true }).click();
    await page.getByRole('combobox', { name: 'Language' }).selectOption('de');
    await turnTo('Modelle');
    await heading('Modelle').waitFor();
    await main().getByRole('heading', { name: 'Champion vs. Challenger' }).waitFor();
    await main().getByText('Rollback durch the ml').first().waitFor();
    await main().getByText('Trainingslauf 1', { exact: true }).first().waitFor();
    await turnTo('Entscheidungen');
    await main().getByText('Keine Drift erkannt.').first().waitFor();
    await turnTo('Training');
    await main().getByRole('link', { name: '#1', exact: true }).click();
    await main()
      .getByText(/Identische Ausgabe bei [\d,]+\s% der Tickets/)
      .first()
      .waitFor();
    await turnTo('Warnungen');
    await main().getByText('Alle', { exact: true }).click();
    await main()
      .getByRole('link', { name: /^Neues Thema: 10,0\s% der Tickets/ })
      .click();
    await heading(/^Neues Thema/).waitFor();
    await main().getByText('there is a template now').first().waitFor();
    await page.getByRole('combobox', { name: 'Sprache' }).selectOption('en');
  });

  test('can be used on a narrow screen: nothing sticks out', async () => {
    await page.setViewportSize({ width: 360, height: 640 });
    for (const name of pages) {
      await go(name);
      await heading(name).waitFor();
      const widths = `[document.documentElement, document.querySelector('.page')].map(({ scrollWidth }) => scrollWidth)`;
      expect(await page.evaluate<number[]>(widths)).toEqual([360, 360]);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });
});

describe('each role sees what it may', () => {
  test('an agent has the queue alone, and never loads what the other pages need', async () => {
    await signIn('agent');
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
    await page.goto(`${url}/models`);
    await page.getByRole('navigation', { name: 'Open tickets' }).waitFor();
    await expect.poll(() => new URL(page.url()).pathname).toBe('/');
    expect(await page.getByRole('link', { name: 'Models' }).count()).toBe(0);
    expect(loaded.filter((path) => /chart|engineers|models-page/.test(path))).toEqual([]);
  });

  test('a lead has the queue and the templates, and may block a reply there, which an agent may only report', async () => {
    const open = async (role: Role): Promise<string[]> => {
      await signIn(role);
      await page.goto(`${url}/training`);
      await page.getByRole('navigation', { name: 'Open tickets' }).getByRole('button').first().click();
      await page.getByRole('button', { name: 'More actions for this reply' }).first().click();
      await page.getByRole('menuitem').first().waitFor();
      return page.getByRole('menuitem').allInnerTexts();
    };
    expect(await open('agent')).not.toContain('Block for everyone');
    expect(await open('lead')).toContain('Block for everyone');
    for (const name of ['Training', 'Models', 'Audit log']) {
      expect(await page.getByRole('link', { name, exact: true }).count()).toBe(0);
    }
  });

  test('an ML engineer reads tickets and answers none, and has no audit log', async () => {
    await signIn('ml');
    await go('Queue');
    await page.getByRole('navigation', { name: 'Open tickets' }).getByRole('button').first().click();
    await page.getByRole('list', { name: 'Suggested replies' }).getByRole('listitem').first().waitFor();
    await page.keyboard.press('n');
    await page.keyboard.press('1');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('link', { name: 'Audit log' }).count()).toBe(0);
    await page.goto(`${url}/audit-log`);
    await heading('Today').waitFor();
    const [row] = await service.query<{ n: number }>(`SELECT count(*)::int AS n FROM choices WHERE agent = 'the ml'`);
    expect(row?.n).toBe(0);
  });

  test('an admin reads who changed what', async () => {
    await signIn('admin');
    await go('Audit log');
    const log = main().getByRole('region', { name: 'Changes' });
    await log.getByText('model.promote').first().waitFor();
    await log.getByText('alert.acknowledge').first().waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
  });
});
