/**
 * Takes a picture of every page of a running service into docs/pictures, with the browser that the tests use.
 *
 * `node bin/pictures.js LINK [--dark]`, where LINK is the one-time link that the service prints at its start.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import bundledChromium from '@sparticuz/chromium';
import { chromium } from 'playwright-core';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'pictures');
const [link, ...flags] = process.argv.slice(2);
const settings = {
  viewport: { width: 1280, height: 800 },
  colorScheme: flags.includes('--dark') ? 'dark' : 'light',
  locale: 'en',
  reducedMotion: 'reduce',
};
/** What is at a page's beginning, by the picture's name; a link that is followed from there, where one page has several. */
const pages = {
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
  'audit-log': { path: '/audit-log' },
};

if (!link || !URL.canParse(link)) {
  console.error(
    'usage: node bin/pictures.js LINK [--dark], with the one-time link that the service prints at its start',
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
  for (const [name, { path, follow }] of Object.entries(pages)) {
    await page.goto(new URL(path, link).href);
    await settled(page);
    if (follow) {
      const first = page.locator(`main ${follow}`).first();
      if ((await first.count()) === 0) {
        console.error(`${name}: nothing to show yet`);
        continue;
      }
      await first.click();
      await settled(page);
    }
    const file = join(folder, `${name}${settings.colorScheme === 'dark' ? '-dark' : ''}.png`);
    await page.screenshot({ path: file });
    console.error(file);
  }
} finally {
  await browser.close();
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
