/** Months in minutes: policies side by side on the same tickets, with the same agents. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { main } from '../../../src/cli.js';
import type { Simulation } from '../../../src/commands/reports/simulation-page.js';
import { seeded, shuffle } from '../../../src/statistics/random.js';
import { simulateChoice, type SimulatedTicket } from '../../../src/retrain/simulation/simulated-agents.js';
import { scratchFolder, smallSample } from '../../support/models.js';

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => {
  scratch = await scratchFolder();
  vi.stubEnv('DATA_DIR', scratch.folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await scratch.remove();
});

/** One ticket every two hours, in a random order that is always the same. */
async function datedTickets(): Promise<string> {
  const file = await smallSample(scratch.folder, 'train', { types: 6, each: 50 });
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(1);
  const places = Int32Array.from(lines.keys());
  shuffle(places, places.length, seeded(1));
  const start = Date.parse('2026-01-05T00:00:00Z');
  const dated = [...places].map(
    (place, at) => `${new Date(start + at * 7_200_000).toISOString()}\t${lines[place] ?? ''}`,
  );
  const out = join(scratch.folder, 'dated.tsv');
  await writeFile(out, `occurredAt\ttext\ttemplate\n${dated.join('\n')}\n`);
  return out;
}

const aTicket = (at: number): SimulatedTicket => ({
  id: at,
  key: `desk:${at}`,
  at: new Date('2026-01-05T00:00:00Z'),
  row: {
    line: at,
    id: null,
    subject: '',
    body: 'Where is my card?',
    label: 'card-arrival',
    noneFits: false,
    contactType: null,
    occurredAt: null,
    channel: null,
    language: null,
    fields: {},
  },
});

describe('simulated agents', () => {
  const wrong = { items: [{ templateId: 'refund', probability: 0.7 }], abstained: false };
  const settings = { trust: 0.3, auditShare: 0.1, seed: 1 };
  const answers = Array.from({ length: 5_000 }, (_, at) => simulateChoice(aTicket(at), wrong, settings));
  const shareOf = (is: (answer: (typeof answers)[0]) => boolean, among = answers): number =>
    among.filter(is).length / among.length;

  test('take what stands first as often as they are said to, and see nothing on audit tickets', () => {
    const shown = answers.filter(({ provenance }) => provenance === 'choice');
    expect(shareOf(({ provenance }) => provenance === 'audit')).toBeCloseTo(0.1, 1);
    expect(shareOf(({ template }) => template === 'refund', shown)).toBeCloseTo(0.3, 1);
    for (const { provenance, template, shownFirst } of answers) {
      if (provenance === 'audit') expect([template, shownFirst]).toEqual(['card-arrival', null]);
    }
  });

  test('are the same whatever is suggested to them', () => {
    const other = { items: [{ templateId: 'fees', probability: 0.7 }], abstained: false };
    answers.forEach(({ template, provenance }, at) => {
      const again = simulateChoice(aTicket(at), other, settings);
      expect(again.provenance).toBe(provenance);
      expect(again.template === 'fees').toBe(template === 'refund');
    });
  });
});

test(
  'policies meet the same tickets, and what each did is told as figures and as a page',
  { timeout: 900_000 },
  async () => {
    const [data, out] = [await datedTickets(), join(scratch.folder, 'simulation')];
    const words = [
      'simulate',
      '--data',
      data,
      '--from',
      '2026-01-17',
      '--policies',
      'never,weekly',
      '--out',
      out,
      '--json',
    ];
    expect(await main(words)).toBe(0);
    const { tickets, trainedOn, policies } = JSON.parse(
      await readFile(join(out, 'simulation.json'), 'utf8'),
    ) as Simulation;
    expect([trainedOn, tickets]).toEqual([144, 156]);
    const [never, weekly] = policies;
    expect(never).toMatchObject({ policy: 'never', trainings: 0, promotions: 0 });
    expect(weekly).toMatchObject({ policy: 'weekly', trainings: 1, promotions: 1 });
    for (const { months, top1, low, high } of policies) {
      const right = months.reduce((sum, month) => sum + month.correct, 0);
      expect(months.reduce((sum, month) => sum + month.tickets, 0)).toBe(156);
      expect(top1).toBeCloseTo((100 * right) / 156, 1);
      expect(top1).toBeGreaterThan(70);
      expect(low).toBeLessThan(top1);
      expect(high).toBeGreaterThanOrEqual(top1);
    }
    const page = await readFile(join(out, 'simulation.html'), 'utf8');
    expect(page).toContain('on all 228 labels, promoted without comparison');
  },
);

test('a file without dates, and a policy that is none, are named', async () => {
  const said: string[] = [];
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((line) => said.push(String(line)) > 0);
  const undated = await smallSample(scratch.folder, 'train', { types: 2, each: 3 });
  const words = ['simulate', '--data', undated, '--label-column', 'category'];
  expect(await main(words)).toBe(1);
  expect(await main([...words, '--policies', 'never,daily'])).toBe(1);
  stderr.mockRestore();
  expect(said.join('')).toMatch(/:2: has no date; specify the column with --date-column/);
  expect(said.join('')).toMatch(/unknown policy "daily"; available: never, weekly, drift, decision/);
});
