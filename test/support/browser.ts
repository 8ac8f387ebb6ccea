import bundledChromium from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

/** How long a step in the browser may take; within the time limit of a test, so that the step is named that hangs. */
export const stepTimeoutMs = 50_000;

/**
 * A real Chromium, run as people's is: a process for each page, web security on. The arguments that the package brings are for
 * machines smaller than a phone; with them all is one process, which no release of Chromium promises to work.
 *
 * @param args further ones
 */
export const launchBrowser = async (args: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    // Tests run in containers too, as root and with little shared memory.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none', ...args],
    executablePath: await bundledChromium.executablePath(),
  });
