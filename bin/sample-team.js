/**
 * Makes an empty service look like a team's after some days, for docs/pictures: a history, tickets of yesterday and of today, agents
 * who answer them and now and then disagree, flags, trainings, and at last a topic that no model has seen.
 *
 * `DATA_DIR=… node bin/sample-team.js URL` beside `replyrank serve` on the same DATA_DIR, with AUDIT_SHARE=0.1,
 * MODEL_FIELDS=country and MONITOR_WINDOW_S=20, so that something is counted in the quarter of an hour that it takes. The tickets are Banking77's.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sample = join(root, 'samples', 'banking77');
const [url] = process.argv.slice(2);
if (!url || !URL.canParse(url)) {
  console.error('usage: DATA_DIR=… node bin/sample-team.js URL, beside a service on the same DATA_DIR');
  process.exit(1);
}

const dayMs = 86_400_000;
const unseen = ['exchange_rate', 'exchange_charge', 'exchange_via_app', 'fiat_currency_support'];
const fields = ['country', 'customer.firstName', 'transfer.days', 'delivery.days', 'refund.days', 'authorisation.days'];
const names = ['Dmitri', 'Grace', 'Ada', 'Jun', 'Amara', 'Lena', 'Tomás', 'Priya'];
const remarks = {
  outdated: ['The fee was raised in October.', 'The app has no such menu any more.', ''],
  wrong: ['They ask for the physical card, this is about the virtual one.', ''],
  unclear: ['Customers write back to ask which of the two amounts is meant.', ''],
  typo: ['“recieve” in the second sentence'],
  sensitive: ['We should not name the partner bank.'],
};

/** The same numbers each time (mulberry32), 0–1. */
let state = 77;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const oneOf = (all) => all[Math.floor(random() * all.length)];

const templates = readFileSync(join(sample, 'templates.jsonl'), 'utf8').trim().split('\n').map(JSON.parse);
const templateOf = new Map(templates.flatMap(({ id, contactTypes }) => contactTypes.map((type) => [type, id])));
/** Labelled texts, each with its place in an order of chance. */
const texts = (file) =>
  readFileSync(join(sample, file), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .map(([text, contactType]) => ({ order: random(), text, contactType, template: templateOf.get(contactType) }));

const inOrder = (all) => all.toSorted((a, b) => a.order - b.order);

/** A ticket of a text, at some moment of a time. */
const ticketOf = ({ text, contactType, template }, from, to) => ({
  ...{ text, contactType, template, language: 'en', channel: oneOf(['chat', 'chat', 'email', 'app']) },
  ...{ country: oneOf(['GB', 'DE', 'FR', 'IE']), 'customer.firstName': oneOf(names) },
  ...{ 'transfer.days': 2, 'delivery.days': 7, 'refund.days': 5, 'authorisation.days': 7 },
  occurredAt: new Date(from + random() * (to - from)).toISOString(),
});

const folder = mkdtempSync(join(tmpdir(), 'replyrank-team-'));
const say = (line) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
async function replyrank(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'bin', 'replyrank.js'), ...args]);
  return JSON.parse(stdout.trim().split('\n').at(-1) || '{}');
}
function fileOf(name, rows) {
  const sorted = rows.toSorted((a, b) => (a.occurredAt < b.occurredAt ? -1 : 1));
  const file = join(folder, `${name}.jsonl`);
  writeFileSync(file, sorted.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return { file, rows: sorted };
}

const tokens = new Map();
async function as(name, path, body) {
  const options = body && { method: 'POST', body: JSON.stringify(body) };
  const headers = { Authorization: `Bearer ${tokens.get(name)}`, 'Content-Type': 'application/json' };
  const answer = await globalThis.fetch(new URL(`/api/v1/${path}`, url), { ...options, headers });
  if (!answer.ok && answer.status !== 404) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 404 ? null : answer.json();
}
async function until(what, check) {
  say(`waits for ${what}`);
  while (!(await check())) await sleep(1000);
}

/** Tickets arrive, and agents answer all but the last ones. */
async function work(name, rows, { left = 0, rate = 25 } = {}) {
  const { file, rows: sorted } = fileOf(name, rows);
  say(`${sorted.length} tickets of ${name} arrive`);
  const args = ['--data', file, '--source', name, '--fields', fields.join(','), '--label-column', 'template'];
  const sending = replyrank('replay', ...args, '--rate', String(rate), '--json');
  const answered = sorted.slice(0, sorted.length - left);
  for (const [at, row] of answered.entries()) await answer(`${name}/row-${at + 1}`, row);
  await sending;
}

async function answer(ticket, { contactType, template }) {
  let suggestion = null;
  while (!suggestion) {
    suggestion = await as('ada', `tickets/${ticket}/suggestion?limit=3`);
    if (!suggestion) await sleep(200);
  }
  const shown = suggestion.items.map(({ templateId }) => templateId);
  const agent = oneOf(['ada', 'bo', 'chen']);
  const isNew = unseen.includes(contactType);
  // Some take the second for the first, more often where it is nearly as likely.
  const chosen = !isNew && agent === 'bo' && shown[1] && random() < 0.12 ? shown[1] : template;
  const outcome = isNew ? 'none-fits' : !shown.includes(chosen) ? 'other-template' : random() < 0.2 ? 'edited' : 'used';
  const { suggestionId } = suggestion;
  const choice = { choiceId: `${ticket}-choice`, outcome, templateId: isNew ? null : chosen, suggestionId, shown };
  await as(agent, `tickets/${ticket}/choices`, choice);
  const [first] = shown;
  if (first && random() < 0.02) {
    const reason = oneOf(Object.keys(remarks));
    await as(agent, `tickets/${ticket}/flags`, {
      ...{ flagId: `${ticket}-flag`, reason, note: oneOf(remarks[reason]) },
      templateId: oneOf([first, ...templates.slice(0, 4).map(({ id }) => id)]),
    });
  }
}

async function train() {
  const { id } = await as('noor', 'training-runs', {});
  await until(`training run ${id}`, async () => (await as('noor', `training-runs/${id}`)).endedAt !== null);
}

try {
  const people = { ada: 'agent', bo: 'agent', chen: 'agent', mara: 'lead', noor: 'ml' };
  for (const [name, role] of Object.entries(people))
    tokens.set(name, (await replyrank('tokens', 'add', name, '--role', role, '--json')).token);
  const kept = templates.filter(({ contactTypes }) => !contactTypes.some((type) => unseen.includes(type)));
  await replyrank('templates', 'import', fileOf('templates', kept).file, '--json');
  const now = Date.now();
  const history = new Map();
  for (const one of texts('train.tsv')) history.set(one.contactType, [...(history.get(one.contactType) ?? []), one]);
  const known = inOrder([...history].filter(([type]) => !unseen.includes(type)).flatMap(([, all]) => all));
  const [before, later] = [known.filter((_, at) => at % 3 > 0), known.filter((_, at) => at % 3 === 0)];
  const imported = fileOf(
    'history',
    before.slice(0, 2400).map((one) => ticketOf(one, now - 60 * dayMs, now - 2 * dayMs)),
  );
  const columns = ['--fields', fields.join(','), '--label-column', 'template'];
  await replyrank('history', 'import', '--data', imported.file, ...columns, '--json');
  await until('a first model', async () => {
    const { items } = await as('noor', 'models');
    return items.some(({ aliases }) => aliases.includes('champion'));
  });
  await work(
    'yesterday',
    later.slice(0, 260).map((one) => ticketOf(one, now - 1.9 * dayMs, now - 1.1 * dayMs)),
  );
  await train();
  const today = later.slice(260, 620);
  const soon = () => Date.now();
  // Some customers ask what others ask, in the same words.
  const again = today.filter((_, at) => at % 12 === 0).flatMap((one) => [one, one]);
  await work(
    'morning',
    [...today, ...again].map((one) => ticketOf(one, now - 0.6 * dayMs, soon())),
  );
  await train();
  const fresh = inOrder([...history].filter(([type]) => unseen.includes(type)).flatMap(([, all]) => all));
  const mixed = inOrder([...later.slice(620, 860), ...fresh.slice(0, 90)]);
  await work(
    'support',
    mixed.map((one) => ticketOf(one, soon() - 600_000, soon())),
    { rate: 4, left: 60 },
  );
  await train();
  say('done');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
