/**
 * Takes a picture of every page of a running service into docs/pictures, with the browser that the tests use.
 *
 * `node bin/pictures.js LINK [--dark] [--helpdesk ORIGIN] [NAME …]`, where LINK is the one-time link that the service prints at
 * its start, or one of another role; without a NAME all pages of that role are taken. With an ORIGIN that the service has in
 * EMBED_ORIGINS, such as http://localhost:8080, the page inside a helpdesk is taken too, which is served there meanwhile.
 *
 * `answering` is a moving picture: it answers three of the open tickets.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import bundledChromium from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { helpdeskPage, startHelpdesk } from './stand-in-helpdesk.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'pictures');
const [link, ...flags] = process.argv.slice(2);
const helpdesk = flags.includes('--helpdesk') ? flags[flags.indexOf('--helpdesk') + 1] : undefined;
const settings = {
  viewport: { width: 1280, height: 800 },
  colorScheme: flags.includes('--dark') ? 'dark' : 'light',
  locale: 'en',
  reducedMotion: 'reduce',
};
/**
 * What is at a page's beginning, by the picture's name; a link that is followed from there, where one page has several; the lines
 * of a file that is chosen there; keys that are pressed.
 */
const pages = {
  console: { path: '/', keys: ['j', '1', 'w'] },
  today: { path: '/today' },
  alerts: { path: '/alerts' },
  alert: { path: '/alerts', follow: '.alerts a' },
  drift: { path: '/drift' },
  decisions: { path: '/decisions' },
  training: { path: '/training' },
  'training-run': { path: '/training', follow: 'td a' },
  models: { path: '/models' },
  'model-report': { path: '/models', follow: 'td a' },
  labels: { path: '/labels' },
  templates: { path: '/templates' },
  'templates-flagged': { path: '/templates?show=flagged' },
  template: { path: '/templates?show=flagged&sort=-used', follow: 'td a' },
  'template-import': {
    path: '/templates/import',
    file: [
      'id,title,body,contactTypes',
      'age-limit,Minimum age for an account,"Hi {{customer.firstName}}, you need to be 18 to open an account.",age_limit',
      'opening-hours,Opening hours,"Hi {{customer.firstName}}, we are here from 8 to 20, every day.",opening_hours',
      'holiday-hours,Hours on holidays,"Hi {{customer.firstName}}, on holidays we answer by e-mail.",opening_hours',
    ],
  },
  team: { path: '/team' },
  'audit-log': { path: '/audit-log' },
};
/** Keys of the moving picture, with the time that the page is shown after each, ms */
const answering = [
  ['j', 1500],
  ['1', 1300],
  ['Enter', 1100],
  ['1', 1300],
  ['Enter', 1100],
  ['2', 1300],
  ['e', 1300],
  ['Escape', 600],
  ['n', 1300],
];
const names = flags.filter((flag) => flag in pages || flag === 'answering');

if (!link || !URL.canParse(link)) {
  console.error(
    'usage: node bin/pictures.js LINK [--dark] [--helpdesk ORIGIN] [NAME …], with the one-time link that the service prints',
  );
  process.exit(1);
}
const browser = await chromium.launch({
  args: bundledChromium.args,
  executablePath: await bundledChromium.executablePath(),
});
try {
  mkdirSync(folder, { recursive: true });
  const page = await (await browser.newContext(settings)).newPage();
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  for (const [name, { path, follow, file: lines, keys = [] }] of Object.entries(pages)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const { href, pathname } = new URL(path, link);
    await page.goto(href);
    await settled(page);
    if (new URL(page.url()).pathname !== pathname) {
      console.error(`${name}: not for this role`);
      continue;
    }
    if (follow) {
      const first = page.locator(`main ${follow}`).first();
      if ((await first.count()) === 0) {
        console.error(`${name}: nothing to show yet`);
        continue;
      }
      await first.click();
      await settled(page);
    }
    if (lines) {
      const chosen = { name: 'replies.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) };
      await page.locator('main input[type=file]').setInputFiles(chosen);
      await settled(page);
    }
    for (const key of keys) {
      await page.keyboard.press(key);
      await settled(page);
    }
    await take(page, name);
  }
  if (names.length === 0 || names.includes('answering')) await answerTickets(page);
  if (helpdesk) await insideHelpdesk(page, helpdesk);
} finally {
  await browser.close();
}

async function take(page, name) {
  const file = join(folder, `${name}${settings.colorScheme === 'dark' ? '-dark' : ''}.png`);
  await page.screenshot({ path: file });
  console.error(file);
}

/** The agent's page while tickets are answered, as an animated GIF. */
async function answerTickets(page) {
  await page.goto(new URL('/', link).href);
  await settled(page);
  if (!(await page.locator('main.pane').isVisible())) {
    console.error('answering: not for this role');
    return;
  }
  const frames = [];
  for (const [key] of answering) {
    await page.keyboard.press(key);
    await settled(page);
    frames.push(
      await sharp(await page.screenshot())
        .resize({ width: 960 })
        .png()
        .toBuffer(),
    );
  }
  const file = join(folder, 'answering.gif');
  await sharp(frames, { join: { animated: true } })
    .gif({ delay: answering.map(([, shownFor]) => shownFor), loop: 0, colours: 128, dither: 0.3 })
    .toFile(file);
  console.error(file);
}

/** Signed in by a window, which has the session of the other pages. */
async function insideHelpdesk(page, origin) {
  const tickets = await page.evaluate(async () => {
    const { items } = await (await globalThis.fetch('/api/v1/tickets?state=open&sort=confidence&limit=12')).json();
    const { source, ticketId } = items[0];
    const path = `/api/v1/tickets/${encodeURIComponent(source)}/${encodeURIComponent(ticketId)}`;
    return [await (await globalThis.fetch(path)).json(), ...items.slice(1)];
  });
  const [ticket, ...others] = tickets;
  const { source, ticketId } = ticket;
  const frameUrl = new URL(`/embed?${new globalThis.URLSearchParams({ source, ticketId }).toString()}`, link).href;
  const stop = await startHelpdesk(origin, helpdeskPage(frameUrl, ticket, others));
  try {
    await page.goto(origin);
    const frame = page.frameLocator('iframe');
    await frame.getByRole('button', { name: 'Sign in in a new window' }).click();
    await frame.getByRole('list', { name: 'Suggested replies' }).waitFor();
    await frame.getByRole('button', { name: 'Select' }).first().click();
    await take(page, 'helpdesk');
  } finally {
    stop();
  }
}

/** Everything has been answered and drawn. */
async function settled(page) {
  await page.getByRole('main').waitFor();
  await page.waitForFunction(() => {
    const { document } = globalThis;
    return !document.querySelector('.ml-loading, .mantine-Skeleton-root, .mantine-Loader-root');
  });
  // A chart is drawn in the next frame.
  await page.evaluate(
    () => new Promise((done) => globalThis.requestAnimationFrame(() => globalThis.requestAnimationFrame(done))),
  );
}
