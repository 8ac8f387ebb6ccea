/** What a lead relies on who asks where agents answer the same differently. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seeded } from '../../../src/statistics/random.js';
import { textFacts } from '../../../src/models/features/text-facts.js';
import { measureAgentAgreement, type GivenChoice } from '../../../src/monitoring/quality/agreement.js';
import { routesOnly, type TestApp } from '../../support/app.js';
import { arrive, aTicket, rankAll, ranked } from '../../support/tickets.js';

let numbered = 0;
/** Each choice is a minute after the one before. */
function choice(text: string, agent: string, templateId: string | null, more: Partial<GivenChoice> = {}): GivenChoice {
  numbered += 1;
  const occurredAt = new Date(Date.UTC(2026, 0, 5, 10, numbered));
  const outcome = templateId === null ? 'none-fits' : 'used';
  const [ticket, choiceId] = [numbered, `c-${numbered}`];
  return {
    ticket,
    text,
    contactType: 'card',
    agent,
    choiceId,
    occurredAt,
    outcome,
    templateId,
    retracts: null,
    ...more,
  };
}
const of = (...choices: GivenChoice[]) => measureAgentAgreement(choices, seeded(1));
const answers = (text: string, given: Record<string, string | null>): GivenChoice[] =>
  Object.entries(given).map(([agent, templateId]) => choice(text, agent, templateId));

describe('agreement', () => {
  test('is α as Krippendorff computes it for his nominal data', () => {
    const observers = ['123321412***', '1233224125*3', '*3332342251*', '12332441251*'];
    const units = Array.from({ length: 12 }, (_, unit) =>
      observers.flatMap((row, observer) => {
        const value = row[unit] ?? '*';
        return value === '*' ? [] : [choice(`u-${unit}`, `o-${observer}`, value)];
      }),
    );
    const { alpha, texts, answers: given } = measureAgentAgreement(units.flat(), seeded(1));
    expect(alpha?.value).toBeCloseTo(0.743, 3);
    expect([texts, given]).toEqual([11, 40]);
    expect(alpha?.low).toBeGreaterThan(0.3);
    expect(alpha?.high).toBeLessThanOrEqual(1);
  });

  test('is 1 where all answer alike, and no α is told where chance alone would agree', () => {
    const both = [answers('a', { ada: 'late', bob: 'late' }), answers('b', { ada: 'lost', bob: 'lost' })];
    expect(of(...both.flat())).toMatchObject({ texts: 2, share: { value: 1 }, alpha: { value: 1 }, pairs: [] });
    expect(of(...answers('a', { ada: 'late', bob: 'late' }))).toMatchObject({ share: { value: 1 }, alpha: null });
    expect(of(choice('a', 'ada', 'late'))).toMatchObject({ texts: 0, share: null, alpha: null });
  });

  test('counts the last choice of each agent, and no retraction or own reply', () => {
    const slip = choice('a', 'ada', 'lost');
    const undone = choice('a', 'ada', 'lost', { ticket: slip.ticket, retracts: slip.choiceId });
    const meant = choice('a', 'ada', 'late', { ticket: slip.ticket });
    const corrected = choice('a', 'bob', 'refund', { ticket: slip.ticket, retracts: meant.choiceId });
    expect(of(slip, undone, meant)).toMatchObject({ texts: 0 });
    expect(of(slip, undone, meant, corrected).pairs).toMatchObject([
      { templates: ['late', 'refund'], texts: 1, examples: [[slip.ticket, slip.ticket]] },
    ]);
    const back = choice('a', 'bob', 'late', { ticket: slip.ticket, retracts: meant.choiceId });
    const own = choice('a', 'eve', null, { outcome: 'own-reply' });
    expect(of(slip, undone, meant, back, own)).toMatchObject({ texts: 0 });
  });

  test('is told of contact types with enough texts, the least agreed on first, and which templates are confused', () => {
    const many = (type: string, different: number) =>
      Array.from({ length: 12 }, (_, index) => {
        const other = index < different ? `${type}-b` : `${type}-a`;
        const text = `${type} ${index}`;
        return answers(text, { ada: `${type}-a`, bob: other }).map((one) => ({ ...one, contactType: type }));
      }).flat();
    const few = answers('x', { ada: 'x', bob: null }).map((one) => ({ ...one, contactType: 'rare' }));
    const { contactTypes, pairs } = of(...many('card', 1), ...many('top-up', 6), ...few);
    expect(contactTypes.map(({ contactType, texts }) => [contactType, texts])).toEqual([
      ['top-up', 12],
      ['card', 12],
    ]);
    expect(pairs.map(({ templates, texts }) => [templates.join(), texts])).toEqual([
      ['top-up-a,top-up-b', 6],
      ['card-a,card-b', 1],
      [',x', 1],
    ]);
    expect(pairs[0]?.examples).toHaveLength(2);
  });

  test('does not depend on who the agents are or on the order, and lies in its interval', () => {
    const any = fc.array(
      fc.record({
        text: fc.constantFrom('a', 'b', 'c', 'd'),
        agent: fc.constantFrom('ada', 'bob', 'eve'),
        templateId: fc.constantFrom('x', 'y', null),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(any, (given) => {
        const choices = given.map(({ text, agent, templateId }) => choice(text, agent, templateId));
        const one = of(...choices);
        const other = of(...choices.toReversed().map((each) => ({ ...each, agent: `not ${each.agent}` })));
        expect(other.share?.value).toEqual(one.share ? expect.closeTo(one.share.value) : undefined);
        expect(other.alpha?.value).toEqual(one.alpha ? expect.closeTo(one.alpha.value) : undefined);
        for (const { value, low, high } of [one.share, one.alpha].filter((estimate) => estimate !== null)) {
          expect(low).toBeLessThanOrEqual(value);
          expect(high).toBeGreaterThanOrEqual(value);
          expect(high).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('over HTTP', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await routesOnly();
    await service.query(`INSERT INTO templates (id, title, body, state, merged_into)
      VALUES ('late', 'Card is late', 'b', 'allowed', NULL), ('lost', 'Card is lost', 'b', 'allowed', NULL),
             ('lost-old', 'Lost card', 'b', 'retired', 'lost')`);
    const bodies: Record<string, string> = {
      'a-1': 'Where is my card 1234?',
      'a-2': 'Where is my card 99?',
      'b-1': 'I lost it',
      'b-2': 'I lost it!',
    };
    await arrive(
      service.dataSource,
      Object.entries(bodies).map(([id, body]) => aTicket(id, { body })),
    );
    await rankAll(service.dataSource, service.config.TOPIC_SUGGESTIONS, (id) => ({
      ...ranked('late', 'lost'),
      ...textFacts({ subject: 'Card not here', body: bodies[id] ?? '' }, null),
    }));
    const chosen = { 'a-1': 'late', 'a-2': 'lost', 'b-1': 'lost', 'b-2': 'lost-old' };
    for (const [id, templateId] of Object.entries(chosen)) {
      const body = { choiceId: id, outcome: 'used', templateId, agent: id.endsWith('1') ? 'ada@desk' : 'bob@desk' };
      await service.request
        .post(`/api/v1/tickets/helpdesk/${id}/choices`)
        .set(service.as('lead'))
        .send(body)
        .expect(201);
    }
  });
  afterAll(() => service.stop());

  test('tickets that say nearly the same are held against each other, merged templates are one, and no agent is named', async () => {
    const answer = await service.request.get('/api/v1/labels/agreement').set(service.as('lead')).expect(200);
    expect(answer.body).toMatchObject({
      texts: 2,
      answers: 4,
      share: { value: 0.5 },
      pairs: [
        {
          templates: [
            { templateId: 'late', title: 'Card is late' },
            { templateId: 'lost', title: 'Card is lost' },
          ],
          texts: 1,
          examples: [
            [
              { ticketId: 'a-1', templateId: 'late' },
              { ticketId: 'a-2', templateId: 'lost' },
            ],
          ],
        },
      ],
    });
    expect(answer.text).not.toMatch(/ada|bob/);
    const sample = await service.request
      .get('/api/v1/labels/agreement?stream=sample')
      .set(service.as('ml'))
      .expect(200);
    expect(sample.body).toMatchObject({ texts: 0, share: null, pairs: [] });
  });
});
