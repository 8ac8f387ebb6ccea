/** What every ranker must do, whatever it ranks by: the trained one, the text match, the baselines. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Candidate, Ranker, RankInput, Ranking } from '../../src/models/ranker.js';

export const ticket = (body: string, more: Partial<RankInput> = {}): RankInput => ({
  subject: '',
  body,
  channel: null,
  language: null,
  contactType: null,
  fields: {},
  ...more,
});

const templates: Candidate[] = [
  ['card-late', 'Card on its way', 'Your new card is on its way. Delivery takes five working days after the order.'],
  ['pin-blocked', 'PIN blocked', 'Your PIN is blocked after three wrong tries. Unblock it at a cash machine.'],
  ['refund', 'Refund', 'When a shop refunds you, the money shows up on your statement within ten days.'],
  ['top-up', 'Top-up failed', 'Your top-up was declined by your bank. Try another card or a bank transfer.'],
].map(([templateId = '', title = '', body = '']) => ({ templateId, title, body, contactTypes: [] }));

const questions = [
  'Where is my new card? I ordered it two weeks ago',
  'I typed the wrong PIN and now it is blocked',
  'The shop said they sent the money back but I do not see it',
  'my top up was declined',
].map((body) => ticket(body));

function expectSound(ranking: Ranking | undefined, candidates: Candidate[]): void {
  expect(ranking).toBeDefined();
  const { items = [], embedding = null, abstained, reason, setSize = 0 } = ranking ?? {};
  expect(items).toHaveLength(Math.min(100, candidates.length));
  expect(new Set(items.map(({ templateId }) => templateId)).size).toBe(items.length);
  const probabilities = items.map(({ probability }) => probability);
  expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
  expect(probabilities.every((probability) => probability >= 0 && probability <= 1)).toBe(true);
  expect(probabilities.reduce((sum, probability) => sum + probability, 0)).toBeLessThanOrEqual(1 + 1e-6);
  expect(abstained).toBe(reason !== null);
  expect(setSize).toBeGreaterThanOrEqual(items.length === 0 ? 0 : 1);
  if (embedding) expect(Math.hypot(...embedding)).toBeCloseTo(1, 4);
}

/**
 * @param open gives a ranker whose candidates are still to be set
 * @param readsTemplates false for a baseline that knows templates by their labels only: one without labels must be ranked
 * like any other, but can't be suggested for what it says
 */
export function rankerConformance(
  name: string,
  open: () => Promise<Ranker>,
  { readsTemplates } = { readsTemplates: true },
): void {
  describe(`${name} keeps what every ranker promises`, () => {
    let ranker: Ranker;

    beforeAll(async () => {
      ranker = await open();
      await ranker.setCandidates(templates);
    });

    afterAll(() => ranker.dispose());

    test('every ticket gets a sound ranking of all templates, in the order of the tickets', async () => {
      const rankings = await ranker.rank(questions);
      expect(rankings).toHaveLength(questions.length);
      for (const ranking of rankings) expectSound(ranking, templates);
      const backwards = await ranker.rank(questions.toReversed());
      backwards.toReversed().forEach((ranking, index) => {
        expect(ranking.items[0]?.templateId).toBe(rankings[index]?.items[0]?.templateId);
      });
    });

    test('a ticket is ranked alike alone and in any company', async () => {
      const long = ticket('I still wait for the card that I ordered. '.repeat(300));
      const together = await ranker.rank([long, ...questions]);
      for (const [index, question] of questions.entries()) {
        const [alone] = await ranker.rank([question]);
        const inBatch = new Map(together[index + 1]?.items.map((item) => [item.templateId, item.probability]));
        for (const { templateId, probability } of alone?.items ?? []) {
          expect(Math.abs((inBatch.get(templateId) ?? NaN) - probability)).toBeLessThan(1e-4);
        }
      }
    });

    test.each(['', '   \n\t', '\u200B'])('a ticket without words (%j) is not guessed at', async (body) => {
      const [ranking] = await ranker.rank([ticket(body)]);
      expect(ranking).toMatchObject({ abstained: true, reason: 'empty-text', contactType: null, embedding: null });
    });

    test('without templates nothing is suggested, and that is the reason given', async () => {
      await ranker.setCandidates([]);
      const [ranking] = await ranker.rank(questions.slice(0, 1));
      await ranker.setCandidates(templates);
      expect(ranking).toMatchObject({ items: [], abstained: true, reason: 'no-templates' });
    });

    const isNew = readsTemplates ? 'suggested for what it says' : 'ranked too';

    test(`a template that is taken away is gone; one that is new is ${isNew}`, async () => {
      const fresh: Candidate = {
        templateId: 'lost-dog',
        title: 'Lost dog at the branch',
        body: 'If your dog ran away at our branch, the guard at the door looks after it until you come.',
        contactTypes: [],
      };
      const changed = [...templates.filter(({ templateId }) => templateId !== 'refund'), fresh];
      await ranker.setCandidates(changed);
      const [ranking] = await ranker.rank([ticket('my dog ran away at your branch, does the guard have it?')]);
      await ranker.setCandidates(templates);
      expectSound(ranking, changed);
      expect(ranking?.items.map(({ templateId }) => templateId)).not.toContain('refund');
      if (readsTemplates) expect(ranking?.items[0]?.templateId).toBe('lost-dog');
      else expect(ranking?.items.map(({ templateId }) => templateId)).toContain('lost-dog');
    });

    test('of many templates the best hundred are ranked', async () => {
      const many = Array.from({ length: 150 }, (_, index) => ({
        templateId: `t-${index}`,
        title: `Reply ${index}`,
        body: `This is reply number ${index} of the team.`,
        contactTypes: [],
      }));
      await ranker.setCandidates([...many, ...templates]);
      const [ranking] = await ranker.rank(questions.slice(0, 1));
      await ranker.setCandidates(templates);
      expectSound(ranking, many);
      if (readsTemplates) expect(ranking?.items[0]?.templateId).toBe('card-late');
    });

    test('any text at all is ranked', async () => {
      const text = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({ unit: 'grapheme', maxLength: 300 }),
      );
      const field = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null));
      await fc.assert(
        fc.asyncProperty(text, text, fc.dictionary(fc.string(), field), async (subject, body, fields) => {
          const [ranking] = await ranker.rank([ticket(body, { subject, fields, channel: subject.slice(0, 20) })]);
          expectSound(ranking, templates);
        }),
        { numRuns: 40 },
      );
    });

    test.each([
      ['a lone surrogate and a null byte', '\uD800 card \0 lost'],
      ['200,000 words', 'card lost '.repeat(100_000)],
      ['one word of a million letters', 'a'.repeat(1_000_000)],
    ])('%s is ranked too', async (_, body) => {
      const [ranking] = await ranker.rank([ticket(body)]);
      expectSound(ranking, templates);
    });
  });
}
