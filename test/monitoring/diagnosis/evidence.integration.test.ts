import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../../src/statistics/random.js';
import { diagnose, type DiagnosisInput } from '../../../src/monitoring/diagnosis/diagnosis.js';
import { estimateAccuracy } from '../../../src/monitoring/diagnosis/estimated-accuracy.js';
import { neighbourVotes } from '../../../src/monitoring/diagnosis/neighbour-votes.js';
import { scoreLabels } from '../../../src/monitoring/labels/scored-labels.js';
import { poolVotes } from '../../../src/monitoring/diagnosis/class-probabilities.js';
import { isGarbled } from '../../../src/monitoring/observations/garbled-text.js';
import {
  calibrateWindow,
  estimateShares,
  shareDistance,
  fitShareReference,
} from '../../../src/monitoring/diagnosis/label-shift.js';
import type { LabelledObservation, ExposedOutcome } from '../../../src/monitoring/observations/observation.js';
import { ReferenceSampler } from '../../../src/monitoring/reference/reference-sample.js';
import { reweightRanking } from '../../../src/monitoring/diagnosis/reweighted-ranking.js';
import { testRisk } from '../../../src/statistics/risk-test.js';
import { priorTrust } from '../../../src/monitoring/labels/trust.js';
import { countWords, typicalWords } from '../../../src/monitoring/observations/typical-words.js';
import { observation } from '../../support/observations.js';

const size = 16;
const templates = ['card', 'cash', 'fees', 'limits', 'refund'];
const words: Record<string, string> = {
  card: 'my card has not arrived',
  cash: 'the machine kept my money',
  fees: 'why was this fee charged',
  limits: 'how much can I spend',
  refund: 'when is the refund here',
  pets: 'insurance for the dog please',
};

/** A new topic lies near one of the known templates, as new topics do. */
const middle = (axis: number, at: number): number =>
  axis < 0 ? (at === 1 || at === 9 ? 0.8 : 0) : at === axis ? 1 : 0;

interface Drawn extends LabelledObservation {
  text: string;
}

/** Tickets around one direction each template, and a model that is right as often as it says. */
function tickets(count: number, seed: number, shares: Record<string, number>, from = 0): Drawn[] {
  const random = seeded(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const names = Object.keys(shares);
  return Array.from({ length: count }, (_, index) => {
    let left = random() * Object.values(shares).reduce((a, b) => a + b, 0);
    const templateId = names.find((name) => (left -= shares[name] ?? 0) < 0) ?? 'card';
    const axis = templates.indexOf(templateId);
    const raw = Float32Array.from({ length: size }, (__, at) => middle(axis, at) + 0.3 * normal());
    const length = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0));
    const embedding = raw.map((value) => value / length);
    // The likelihood of the direction, as the one who drew it knows it
    const logits = templates.map((__, at) => Math.exp((raw[at] ?? 0) / 0.09));
    const total = logits.reduce((a, b) => a + b, 0);
    const ranking = templates
      .map((name, at) => ({ templateId: name, probability: (logits[at] ?? 0) / total }))
      .sort((a, b) => b.probability - a.probability);
    return {
      ...observation({ key: `desk:${from + index}` }),
      embedding,
      ranking,
      entropy: ranking.reduce((sum, { probability: p }) => sum - (p > 0 ? p * Math.log(p) : 0), 0),
      fields: { country: random() < 0.5 ? 'DE' : 'GB' },
      channel: random() < 0.7 ? 'email' : 'chat',
      templateId: axis < 0 ? null : templateId,
      text: `${words[templateId] ?? ''} number${index}`,
    };
  });
}

/** Moved along an axis, and what it said before weakened; of length 1 again. */
function towards(embedding: Float32Array | null, axis: number, by: number, before: number): Float32Array {
  const moved = Float32Array.from(embedding ?? [], (value, at) => before * value + (at === axis ? by : 0));
  const length = Math.sqrt(moved.reduce((sum, value) => sum + value * value, 0));
  return moved.map((value) => value / length);
}

const usual = { card: 3, cash: 2, fees: 2, limits: 2, refund: 1 };
const known = tickets(1_500, 1, usual);
const sampler = new ReferenceSampler(1);
for (const { text, ...ticket } of known) sampler.add(ticket, text);
const reference = sampler.sample();

/** As the audit share of a year tells it. */
const trust = { value: 0.3, error: 0.03, measured: true };

function asked(window: readonly Drawn[], outcomes: readonly ExposedOutcome[] = []): DiagnosisInput {
  const texts = new Map(window.map(({ key, text }) => [key, text]));
  return { reference, window, textOf: (key) => texts.get(key) ?? null, outcomes, trust, seed: 1, minLoss: 0.02 };
}

const firstCause = (window: readonly Drawn[], outcomes: readonly ExposedOutcome[] = []): string | undefined =>
  diagnose(asked(window, outcomes)).causes[0]?.kind;
const fresh = (): Drawn[] => tickets(600, 7, usual, 10_000);

describe('the cause that is named first', () => {
  test('is an empty text', () => {
    const window = fresh().map((ticket, index): Drawn =>
      index % 5 ? ticket : { ...ticket, text: '', words: 0, embedding: null, reason: 'empty-text', abstained: true },
    );
    expect(firstCause(window)).toBe('empty-text');
  });

  test('is a wrong encoding', () => {
    const garble = (text: string): string => Buffer.from(text.replaceAll('e', 'é')).toString('latin1');
    expect(firstCause(fresh().map((ticket, at) => (at % 4 ? ticket : { ...ticket, text: garble(ticket.text) })))).toBe(
      'garbled-text',
    );
  });

  test('is a field that is gone, and one that says the same of all', () => {
    expect(firstCause(fresh().map((ticket) => ({ ...ticket, fields: { country: null } })))).toBe('field-gone');
    expect(firstCause(fresh().map((ticket) => ({ ...ticket, fields: { country: 'DE' } })))).toBe('field-constant');
  });

  test('is no field that the model never learned of', () => {
    const window = fresh().map((ticket) => ({ ...ticket, fields: { ...ticket.fields, scheme: 'Mastercard' } }));
    expect(diagnose(asked(window)).causes.filter(({ kind }) => kind === 'field-value')).toEqual([]);
  });

  test('is a channel that has more of the tickets', () => {
    expect(firstCause(fresh().map((ticket, at) => (at % 3 ? ticket : { ...ticket, channel: 'chat' })))).toBe('channel');
  });

  test('is another mix of the same questions', () => {
    expect(firstCause(tickets(600, 8, { card: 1, cash: 1, fees: 6, limits: 1, refund: 3 }, 10_000))).toBe(
      'label-shift',
    );
  });

  test('is a new topic, with its words and examples', () => {
    const window = tickets(600, 9, { ...usual, pets: 2 }, 10_000);
    const evidence = diagnose(asked(window));
    expect(evidence.causes[0]?.kind).toBe('new-topic');
    expect(evidence.words.map(({ word }) => word)).toEqual(expect.arrayContaining(['dog', 'insurance']));
    const example = window.find(({ key }) => key === evidence.examples[0]?.key);
    expect(example?.text).toContain('dog');
  });

  test.each([60, 150, 300])(
    'is a new topic too where the model takes it for every template alike, %i of 600',
    (strange) => {
      const window = fresh().map((ticket, at) => {
        if (at >= strange) return ticket;
        return { ...ticket, embedding: towards(ticket.embedding, 12, 1, 0.3), templateId: null };
      });
      expect(firstCause(window)).toBe('new-topic');
    },
  );

  test.each([0.3, 0.6, 1.2])('is another wording where all tickets moved by %f the same way', (by) => {
    const window = fresh().map((ticket) => ({ ...ticket, embedding: towards(ticket.embedding, 12, by, 1) }));
    expect(firstCause(window)).toBe('wording');
  });

  test.each([1, 2, 3, 4, 5])('is none where nothing has moved: draw %i', (draw) => {
    expect(diagnose(asked(tickets(600, 100 + draw, usual, 10_000))).causes).toEqual([]);
  });

  test('is a template that means something else now, where labels say so', () => {
    const window = fresh();
    const outcomes = window.map(({ key, templateId, occurredAt: labelledAt }): ExposedOutcome => {
      const now = templateId === 'cash' ? 'refund' : templateId;
      return {
        key,
        labelledAt,
        templateId: now,
        provenance: 'audit',
        position: null,
        shownProbability: null,
        shownFirst: null,
      };
    });
    const { causes, risk } = diagnose(asked(window, outcomes));
    expect(causes[0]).toMatchObject({ kind: 'changed-meaning', subject: 'cash' });
    expect(risk?.risen).toBe(true);
  });

  test('is an outage, where a few texts come over and over', () => {
    const window = fresh();
    const [first] = window;
    const copies = Array.from({ length: 200 }, (_, index) => ({
      ...(first as Drawn),
      key: `desk:copy-${index}`,
      fingerprint: 'down',
    }));
    expect(firstCause([...window, ...copies])).toBe('repeated-text');
  });
});

describe('shares without labels', () => {
  const shares = fitShareReference(known);
  if (!shares) throw new Error('no shares');

  test('are nearer to the truth than counted predictions', () => {
    const window = tickets(1_000, 11, { card: 1, cash: 1, fees: 6, limits: 1, refund: 3 }, 20_000);
    const truth = new Float64Array(templates.length);
    const counted = new Float64Array(templates.length);
    for (const { templateId, ranking } of window) {
      truth[shares.places.get(templateId ?? '') ?? 0] = (truth[shares.places.get(templateId ?? '') ?? 0] ?? 0) + 0.001;
      const first = shares.places.get(ranking[0]?.templateId ?? '') ?? 0;
      counted[first] = (counted[first] ?? 0) + 0.001;
    }
    const { inWindow } = estimateShares(shares, calibrateWindow(shares, window));
    expect(shareDistance(inWindow, truth)).toBeLessThan(0.6 * shareDistance(counted, truth));
  });

  test('of a model that is often wrong are told by the nearest known tickets too', () => {
    // Half of what it goes by is chance.
    const weak = (some: readonly Drawn[], seed: number): Drawn[] => {
      const random = seeded(seed);
      return some.map((ticket) => {
        const raised = ticket.ranking.map(({ templateId, probability }) => ({
          templateId,
          probability: probability ** 0.1 * Math.exp(2 * (random() - 0.5)),
        }));
        const total = raised.reduce((sum, { probability }) => sum + probability, 0);
        const ranking = raised
          .map(({ templateId, probability }) => ({ templateId, probability: probability / total }))
          .sort((a, b) => b.probability - a.probability);
        return { ...ticket, ranking };
      });
    };
    const window = weak(tickets(1_000, 12, { card: 1, cash: 1, fees: 6, limits: 1, refund: 3 }, 20_000), 2);
    const sharesOf = (names: readonly string[]): Float64Array =>
      Float64Array.from(templates, (name) => names.filter((other) => other === name).length / names.length);
    const truth = sharesOf(window.map(({ templateId }) => templateId ?? ''));
    const counted = sharesOf(window.map(({ ranking: [first] }) => first?.templateId ?? ''));
    const ofWeak = fitShareReference(weak(known, 1));
    if (!ofWeak) throw new Error('no shares');
    const { inWindow } = estimateShares(ofWeak, calibrateWindow(ofWeak, window));
    expect(ofWeak.voteWeight).toBeGreaterThan(0);
    expect(shareDistance(inWindow, truth)).toBeLessThan(0.3 * shareDistance(counted, truth));
  });

  test('a second opinion leaves probabilities that sum to one, and none changes nothing', () => {
    const list = { names: templates, shares: Float64Array.of(0.3, 0.2, 0.2, 0.2, 0.1) };
    const places = fc.uniqueArray(fc.nat({ max: 4 }), { maxLength: 5 });
    const share = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(places, places, share, fc.constantFrom(0, 0.5, 1, 2, 4), (listed, voted, left, weight) => {
        const rest = listed.length === 5 ? 0 : listed.length === 0 ? 1 : left;
        const ticket = {
          classes: Int32Array.from(listed),
          values: Float64Array.from(listed, () => (1 - rest) / listed.length),
          rest,
        };
        const votes = new Map(voted.map((label): [number, number] => [label, 1 / voted.length]));
        const told = poolVotes(list, ticket, votes, weight);
        expect(told.values.reduce((sum, value) => sum + value, told.rest)).toBeCloseTo(1, 9);
        expect([...told.values, told.rest].every((value) => value >= 0)).toBe(true);
        if (weight === 0 || voted.length === 0) expect(told).toEqual(ticket);
      }),
    );
  });

  test('are shares, whatever the window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.nat(1_000), (count, seed) => {
        const { shares: now } = estimateShares(shares, calibrateWindow(shares, tickets(count, seed, usual)));
        expect(now.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
        expect(now.every((share) => share >= 0)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('of re-weighted rankings sum to at most one, and equal shares change nothing', () => {
    const ranking = [
      { templateId: 'a', probability: 0.5 },
      { templateId: 'b', probability: 0.3 },
    ];
    expect(reweightRanking(ranking, { ratios: { a: 1, b: 1 } })).toEqual(ranking);
    const [first, second] = reweightRanking(ranking, { ratios: { b: 4 } });
    expect(first?.templateId).toBe('b');
    expect(first?.probability).toBeCloseTo(1.2 / 1.9);
    expect(second?.probability).toBeCloseTo(0.5 / 1.9);
  });
});

describe('accuracy without labels', () => {
  test.each([
    ['the usual mix', usual],
    ['another mix', { card: 1, cash: 1, fees: 6, limits: 1, refund: 3 }],
  ])('is within four points of the truth for %s', (_, mix) => {
    const window = tickets(1_000, 13, mix, 30_000);
    const right = window.filter(({ ranking, templateId }) => ranking[0]?.templateId === templateId).length / 1_000;
    expect(Math.abs((diagnose(asked(window)).accuracy?.now.value ?? 0) - right)).toBeLessThan(0.04);
  });
});

describe('choices of agents of whom some take what stands first', () => {
  /** Another template is right for what the model calls cash and fees: no model of the tickets alone can know. */
  const changed = (window: readonly Drawn[]): Drawn[] =>
    window.map((ticket) => ({
      ...ticket,
      templateId: ticket.templateId === 'cash' || ticket.templateId === 'fees' ? 'refund' : ticket.templateId,
    }));
  const choicesOn = (window: readonly Drawn[], seed: number): ExposedOutcome[] => {
    const random = seeded(seed);
    return window.map(({ key, templateId, ranking: [first], occurredAt: labelledAt }) => {
      const shownFirst = first?.templateId ?? null;
      const chosen = random() < trust.value ? shownFirst : templateId;
      return { key, labelledAt, templateId: chosen, provenance: 'choice', position: null, shownProbability: 0.98, shownFirst };
    });
  }; // prettier-ignore
  const truthOf = (window: readonly Drawn[]): number =>
    window.filter(({ ranking, templateId }) => ranking[0]?.templateId === templateId).length / window.length;

  test('tell what is lost, in an interval that holds what is uncertain of trust', () => {
    const window = changed(tickets(1_000, 21, usual, 40_000));
    const { accuracy, risk } = diagnose(asked(window, choicesOn(window, 22)));
    expect(Math.abs((accuracy?.now.value ?? 0) - truthOf(window))).toBeLessThan(0.05);
    expect(accuracy?.loss.low).toBeGreaterThan(0.1);
    expect(risk).toMatchObject({ risen: true, labels: 1_000 });
    expect(Math.abs((diagnose(asked(window)).accuracy?.now.value ?? 0) - truthOf(window))).toBeGreaterThan(0.2);
  });

  test(
    'hold the truth in their interval as often as it promises, where trust is off by what its error says',
    { timeout: 120_000 },
    () => {
      let held = 0;
      for (let seed = 0; seed < 40; seed += 1) {
        const window = changed(tickets(600, 100 + seed, usual, 50_000));
        const random = seeded(seed);
        const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
        const told = { ...trust, value: trust.value + trust.error * normal };
        const first = new Map(window.map(({ key, ranking }) => [key, ranking[0]?.templateId ?? null]));
        const { now } = estimateAccuracy({
          reference: reference.tickets,
          window,
          votes: neighbourVotes(reference.tickets, window),
          labelShift: null,
          labels: scoreLabels(choicesOn(window, 1_000 + seed), first, told),
        });
        if (now.low <= truthOf(window) && truthOf(window) <= now.high) held += 1;
      }
      expect(held).toBeGreaterThanOrEqual(35);
    },
  );

  test('raise no risk where none is', { timeout: 180_000 }, () => {
    const risen = Array.from({ length: 40 }, (_, seed) => {
      const window = tickets(400, 200 + seed, usual, 60_000);
      return diagnose(asked(window, choicesOn(window, 2_000 + seed))).risk?.risen;
    });
    expect(risen.filter(Boolean).length).toBeLessThanOrEqual(2);
  });

  test('are taken for at least as right as they are where nothing measures trust, and leave the estimate alone', () => {
    const window = changed(tickets(1_000, 23, usual, 70_000));
    const question = { ...asked(window, choicesOn(window, 24)), trust: priorTrust };
    const { accuracy, risk } = diagnose(question);
    expect(accuracy?.labels).toBe(0);
    expect(risk).toMatchObject({ risen: true });
    expect(risk?.observed).toBeLessThan(1 - truthOf(window));
  });
});

describe('a risen error rate', () => {
  const errors = (rate: number, seed: number): (0 | 1)[] => {
    const random = seeded(seed);
    return Array.from({ length: 2_000 }, () => (random() < rate ? 1 : 0));
  };
  const settings = { tolerance: 0.02, level: 0.05 };

  test('is seen where it is there, and hardly ever where it is not', () => {
    const seen = (rate: number): number =>
      Array.from({ length: 40 }, (_, seed) => testRisk({ hits: 300, of: 3_000 }, errors(rate, seed), settings)).filter(
        ({ risen }) => risen,
      ).length;
    expect(seen(0.2)).toBe(40);
    expect(seen(0.1)).toBeLessThanOrEqual(2);
  });

  test('is looked for with a capital that is never negative, whatever choices are corrected to', () => {
    const credits = fc.array(fc.double({ min: -1, max: 2, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(credits, fc.integer({ min: 1, max: 2_999 }), (some, hits) => {
        expect(testRisk({ hits, of: 3_000 }, some, { ...settings, minError: -1 }).capital).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe('texts', () => {
  test('that are garbled differ from those of other languages', () => {
    for (const text of [
      'Ma carte n’est pas arrivée, où est-elle?',
      'Wo ist meine Überweisung?',
      '我的卡还没有到',
      'why?because',
    ])
      expect(isGarbled(text)).toBe(false);
    for (const text of ['Ma carte nâ€™est pas arrivÃ©e', 'arriv\uFFFDe', 'M=C3=BCller =C3=A4', 'it&#39;s here'])
      expect(isGarbled(text)).toBe(true);
  });

  test('have typical words, each counted once a ticket', () => {
    const before = countWords(Array.from({ length: 100 }, () => 'where is my card'));
    const now = countWords(
      Array.from({ length: 50 }, (_, at) => (at % 2 ? 'where is my card' : 'my dog dog dog ate it')),
    );
    expect(typicalWords(now, before, 3).map(({ word }) => word).sort()).toEqual(['ate', 'dog', 'it']); // prettier-ignore
  });

  test('name no word of every day beside those that tell what is new, but name it where it alone stands more often', () => {
    const times = (count: number, text: string) => Array.from({ length: count }, () => text);
    const before = countWords([...times(100, 'where is my card'), ...times(100, 'is the card lost')]);
    const named = (texts: string[]) => typicalWords(countWords(texts), before).map(({ word }) => word);
    expect(named([...times(120, 'where is my card'), ...times(60, 'my wallet')])).toEqual(['wallet']);
    expect(named([...times(170, 'where is my card'), ...times(30, 'is the card lost')])).toContain('my');
  });
});
