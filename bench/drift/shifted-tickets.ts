/**
 * Banking77's tickets with simulated channels, languages and fields, and variants of them for each kind of drift. A model that
 * knows 61 of the 77 templates ranks each variant once; windows are drawn from the ranked tickets.
 */
import { hash32, seeded } from '../../src/statistics/random.js';
import type { FieldValue } from '../../src/models/ranker.js';
import type { LabelledObservation } from '../../src/monitoring/observations/observation.js';
import { cachedRankings, cachedModel, type TicketRow } from '../support/rankings.js';
import { bankingRows, splitPerTemplate, shuffled } from '../support/banking-rows.js';

/** A ticket as the monitor observes it, with its text and its correct template. */
export interface ObservedTicket extends LabelledObservation {
  text: string;
}

export type Variant =
  'plain' | 'empty' | 'garbled' | 'german' | 'polite' | 'telegram' | 'field-gone' | 'field-constant';

/** Topics that are left out of training. */
export const topics: readonly RegExp[] = [/top_?up|topping/, /pin|passcode/, /exchange|fiat/];
const isKnown = ({ templateId }: TicketRow): boolean => !topics.some((topic) => topic.test(templateId ?? ''));

const drawValue = <T>(random: () => number, shares: readonly (readonly [T, number])[]): T => {
  let left = random();
  for (const [value, share] of shares) if ((left -= share) < 0) return value;
  return (shares[0] as readonly [T, number])[0];
};

function withFields(row: TicketRow): TicketRow {
  const random = seeded(hash32(row.text));
  const german = random() < 0.03;
  const fields: Record<string, FieldValue> = {
    country: drawValue(random, [
      ['GB', 0.4],
      ['DE', 0.25],
      ['FR', 0.2],
      ['PL', 0.15],
    ]),
    app: drawValue(random, [
      ['5.1', 0.6],
      ['5.2', 0.3],
      ['5.3', 0.1],
    ]),
    orders: Math.floor(-4 * Math.log(1 - random())),
    premium: random() < 0.2,
  };
  const channel = drawValue(random, [
    ['email', 0.5],
    ['chat', 0.3],
    ['form', 0.2],
  ]);
  const shown = german ? { ...row, text: toGerman(row.text) } : row;
  return { ...shown, channel, language: german ? 'de' : 'en', fields };
}

const words: Record<string, string> = {
  i: 'ich', my: 'meine', is: 'ist', the: 'die', to: 'zu', a: 'eine', and: 'und', of: 'von', in: 'in', for: 'für',
  how: 'wie', what: 'was', why: 'warum', when: 'wann', where: 'wo', can: 'kann', do: 'mache', have: 'habe', not: 'nicht',
  was: 'wurde', card: 'Karte', money: 'Geld', account: 'Konto', payment: 'Zahlung', transfer: 'Überweisung', cash: 'Bargeld',
  bank: 'Bank', it: 'es', on: 'auf', me: 'mir', you: 'Sie', with: 'mit', from: 'von', been: 'gewesen', has: 'hat', but: 'aber',
  there: 'dort', this: 'diese', that: 'das', an: 'ein', are: 'sind', get: 'bekomme', would: 'würde', like: 'gern', need: 'brauche',
  new: 'neue', help: 'Hilfe', please: 'bitte', still: 'noch', made: 'gemacht', out: 'aus', be: 'sein', if: 'wenn', use: 'benutze',
  am: 'bin', did: 'habe', will: 'wird', or: 'oder', does: 'macht', up: 'auf', long: 'lange', so: 'so', know: 'weiß', want: 'möchte',
  charged: 'belastet', fee: 'Gebühr', lost: 'verloren', stolen: 'gestohlen', phone: 'Telefon', identity: 'Identität', order: 'bestelle',
  refund: 'Erstattung', pending: 'ausstehend', declined: 'abgelehnt', wrong: 'falsch', machine: 'Automat', app: 'App', change: 'ändern',
}; // prettier-ignore
const toGerman = (text: string): string =>
  text.replaceAll(/\p{L}+/gu, (word) => words[word.toLowerCase()] ?? `${word.toLowerCase()}en`);

/** UTF-8 with curly quotes and accents, read as Windows-1252. */
const garbled = (text: string): string =>
  Buffer.from(`“${text.replaceAll("'", '’').replaceAll('e', 'é')}”`, 'utf8').toString('latin1');

const variants: Record<Variant, (row: TicketRow) => TicketRow> = {
  plain: (row) => row,
  empty: (row) => ({ ...row, text: '' }),
  garbled: (row) => ({ ...row, text: garbled(row.text) }),
  german: (row) => ({ ...row, text: toGerman(row.text), language: 'de' }),
  polite: (row) => ({ ...row, text: `Hello there, I hope you are well. ${row.text} Many thanks and kind regards` }),
  // Drops three words in ten.
  telegram: (row) => ({
    ...row,
    text: row.text
      .split(' ')
      .filter((word) => hash32(word.toLowerCase()) % 10 < 7)
      .join(' ')
      .concat(' asap'),
  }),
  'field-gone': (row) => ({ ...row, fields: { ...row.fields, country: null } }),
  'field-constant': (row) => ({ ...row, fields: { ...row.fields, app: '5.1' } }),
};

export interface Pool {
  model: string;
  /** One half of the tickets that the model has not seen */
  reference: ObservedTicket[];
  /** The other half, by variant; each ticket has the same index in every variant */
  variants: Record<Variant, ObservedTicket[]>;
  /** Tickets of each left-out topic */
  unknown: ObservedTicket[][];
}

/** @param part `validation`: from the sample's training tickets; `test`: from its test tickets */
export async function ticketPool(part: 'validation' | 'test'): Promise<Pool> {
  const rows = bankingRows('train').map(withFields);
  const { taken, left } = splitPerTemplate(rows.filter(isKnown), 40, 1);
  const model = await cachedModel(taken);
  const mixed = shuffled(left, seeded(2));
  const referenceRows = mixed.slice(0, 2500);
  const windowRows = part === 'test' ? bankingRows('test').map(withFields).filter(isKnown) : mixed.slice(2500, 5000);
  const seen = async (some: TicketRow[]): Promise<ObservedTicket[]> => {
    const rankings = await cachedRankings(model, some);
    return some.map((row, index) => observed(row, rankings[index] as Awaited<typeof rankings>[number], index));
  };
  const pool: Partial<Record<Variant, ObservedTicket[]>> = {};
  for (const [name, change] of Object.entries(variants)) pool[name as Variant] = await seen(windowRows.map(change));
  const others = (part === 'test' ? bankingRows('test') : bankingRows('train')).map(withFields);
  const unknown: ObservedTicket[][] = [];
  for (const topic of topics) {
    const some = others
      .filter(({ templateId }) => topic.test(templateId ?? ''))
      .map((row) => ({ ...row, templateId: null }));
    unknown.push(await seen(some));
  }
  return { model, reference: await seen(referenceRows), variants: pool as Pool['variants'], unknown };
}

function observed(
  row: TicketRow,
  ranking: Awaited<ReturnType<typeof cachedRankings>>[number],
  index: number,
): ObservedTicket {
  const tokens = row.text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return {
    key: `bench:${index}:${hash32(row.text)}`,
    occurredAt: new Date(1_700_000_000_000 + index * 60_000),
    embedding: ranking.embedding,
    ranking: ranking.items.slice(0, 10),
    entropy: ranking.items.reduce((sum, { probability: p }) => sum - (p > 0 ? p * Math.log(p) : 0), 0),
    abstained: ranking.abstained,
    reason: ranking.reason,
    contactType: null,
    channel: row.channel ?? null,
    language: row.language ?? null,
    fields: row.fields ?? {},
    words: tokens.length,
    unknownShare: null,
    fingerprint: [...tokens].sort().join(' '),
    templateId: row.templateId,
    text: row.text,
  };
}
