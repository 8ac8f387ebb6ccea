/** Diagnosis of an alarm: causes, typical words and examples, affected slices, and the impact on accuracy. */
import { findInputCauses, addChangedMeanings, type DiagnosisWindow, type InputCauses } from './causes.js';
import type { Cause } from './cause.js';
import { isGarbled } from '../observations/garbled-text.js';
import { estimateAccuracy, isTop1Correct, type AccuracyEstimate } from './estimated-accuracy.js';
import { scoreLabels, unbiasedLabels } from '../labels/scored-labels.js';
import { selectExamples, type ExampleTicket } from './example-tickets.js';
import type { Slice } from '../observations/finding.js';
import type { LabelShift } from './label-shift-test.js';
import type { Observation, ExposedOutcome } from '../observations/observation.js';
import { neighbourVotes } from './neighbour-votes.js';
import type { Count } from '../../statistics/proportions.js';
import { testRisk, type RiskTest } from '../../statistics/risk-test.js';
import { affects } from './risen-values.js';
import { trustLowerBound, type Trust } from '../labels/trust.js';
import { countWords, typicalWords, type TypicalWord } from '../observations/typical-words.js';

export interface DiagnosisInput extends DiagnosisWindow {
  /** Outcomes of tickets of the window, in the order in which they became known */
  outcomes: readonly ExposedOutcome[];
  /** Rate at which agents accept the first suggestion regardless of its content */
  trust: Trust;
  /** Rise of the error rate that justifies a retraining, 0–1 */
  minLoss: number;
}

/** Contribution of a template or contact type to the drift. */
export interface Contribution {
  name: string;
  before: number;
  now: number;
  /** Of the sum of all differences, 0–1 */
  part: number;
}

export interface Diagnosis {
  /** Distinct tickets that it is based on */
  tickets: number;
  /** The most likely first; empty where none was identified */
  causes: Cause[];
  words: TypicalWord[];
  examples: ExampleTicket[];
  templates: Contribution[];
  contactTypes: Contribution[];
  labelShift: LabelShift | null;
  /** Null where window or reference have too few tickets with a ranking */
  accuracy: Omit<AccuracyEstimate, 'probabilities'> | null;
  /** Slice with the largest part of the loss, if there is one */
  slice: { slice: Slice; tickets: number; loss: number } | null;
  /** Null without labels */
  risk: RiskTest | null;
}

const maxContributions = 10;
const minTickets = 50;
const minSliceTickets = 30;
const riskLevel = 0.05;
/** Part of the tickets with the largest change that examples and words are taken from. */
const describedPart = 0.25;

export function diagnose(question: DiagnosisInput): Diagnosis {
  const { reference, outcomes, trust } = question;
  const input = findInputCauses(question);
  const { distinct, labelShift } = input;
  const unbiased = new Map(unbiasedLabels(outcomes).map((outcome) => [outcome.key, outcome]));
  const first = new Map(distinct.map(({ key, ranking }) => [key, ranking[0]?.templateId ?? null]));
  const estimate =
    Math.min(distinct.length, reference.tickets.length) < minTickets
      ? null
      : estimateAccuracy({
          reference: reference.tickets,
          window: distinct,
          votes: neighbourVotes(reference.tickets, distinct),
          labelShift,
          // An unmeasured trust would widen the interval more than labels narrow it.
          labels: scoreLabels(outcomes, first, trust.measured ? trust : null),
        });
  const labelled = distinct.flatMap((observation, index) => {
    const outcome = unbiased.get(observation.key);
    return outcome ? [{ observation, outcome, probability: estimate?.probabilities[index] ?? 0 }] : [];
  });
  const described = selectAffectedTickets(question, input);
  const { probabilities, ...accuracy } = estimate ?? { probabilities: new Float64Array(0), ...noEstimate };
  const wrong = reference.tickets.filter((ticket) => !isTop1Correct(ticket)).length;
  return {
    tickets: distinct.length,
    causes: addChangedMeanings(input.causes, estimate ? labelled : [], reference),
    words: typicalWords(countWords(readTexts(described, question)), reference.texts.words, maxContributions),
    examples: selectExamples(described.map(({ key, embedding }) => ({ key, embedding }))),
    templates: contributions(reference.tickets, distinct, ({ ranking }) => ranking[0]?.templateId ?? null),
    contactTypes: contributions(reference.tickets, distinct, ({ contactType }) => contactType),
    labelShift,
    accuracy: estimate ? (accuracy as Diagnosis['accuracy']) : null,
    slice: estimate ? weakestSlice(distinct, probabilities, estimate.before.value) : null,
    risk: testErrorRisk(question, { hits: wrong, of: reference.tickets.length }, first),
  };
}

const noEstimate = { before: null, now: null, loss: null, labels: 0 };

/**
 * Uses all labels, choices too. Trust bias hides errors, so its lower bound is the cautious one: without trust, every choice of another
 * template than the first is an error.
 */
function testErrorRisk(
  { outcomes, trust, minLoss }: DiagnosisInput,
  before: Count,
  first: ReadonlyMap<string, string | null>,
): RiskTest | null {
  const value = trustLowerBound(trust, riskLevel / 4);
  const labels = scoreLabels(outcomes, first, { value, error: 0, measured: trust.measured });
  const errors = [...labels.credits.values()].map((credit) => 1 - credit);
  const settings = { tolerance: minLoss, level: riskLevel, minError: -value / (1 - value) };
  return errors.length === 0 ? null : testRisk(before, errors, settings);
}

/** The tickets that the first cause affects, the most typical first. */
function selectAffectedTickets(
  { textOf }: DiagnosisWindow,
  { causes: [first], distinct, rest, moved }: InputCauses,
): Observation[] {
  if (!first) return [];
  if (first.kind === 'empty-text') return distinct.filter(({ words }) => words === 0);
  if (first.kind === 'garbled-text') return distinct.filter(({ key }) => isGarbled(textOf(key) ?? ''));
  if (first.kind === 'label-shift') return distinct.filter(({ ranking }) => ranking[0]?.templateId === first.subject);
  const touched = distinct.filter(affects(first));
  if (touched.length > 0) return touched;
  const novelty = moved?.novelty;
  if (!novelty) return distinct;
  const window = novelty.length === rest.length ? rest : distinct;
  const order = [...window.keys()].sort((a, b) => (novelty[b] ?? 0) - (novelty[a] ?? 0));
  const part = first.kind === 'new-topic' ? Math.max(first.share, 0.02) : describedPart;
  return order.slice(0, Math.max(10, Math.ceil(part * window.length))).flatMap((index) => window[index] ?? []);
}

const readTexts = (tickets: readonly Observation[], { textOf }: DiagnosisWindow): string[] =>
  tickets.flatMap(({ key }) => textOf(key) ?? []);

function contributions(
  reference: readonly Observation[],
  window: readonly Observation[],
  nameOf: (observation: Observation) => string | null,
): Contribution[] {
  const [before, now] = [countShares(reference, nameOf), countShares(window, nameOf)];
  const all = [...new Set([...before.keys(), ...now.keys()])].map((name) => {
    const [was, is] = [before.get(name) ?? 0, now.get(name) ?? 0];
    return { name, before: was, now: is, part: Math.abs(is - was) };
  });
  const total = all.reduce((sum, { part }) => sum + part, 0);
  return all
    .map((one) => ({ ...one, part: total > 0 ? one.part / total : 0 }))
    .sort((a, b) => b.part - a.part)
    .slice(0, maxContributions);
}

function countShares(
  tickets: readonly Observation[],
  nameOf: (observation: Observation) => string | null,
): Map<string, number> {
  const counts = new Map<string, number>();
  const named = tickets.flatMap((ticket) => nameOf(ticket) ?? []);
  for (const name of named) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map([...counts].map(([name, count]) => [name, count / named.length]));
}

/** The channel, language or contact type with the largest part of the loss. */
function weakestSlice(window: readonly Observation[], probabilities: Float64Array, before: number): Diagnosis['slice'] {
  const groups = new Map<string, { slice: Slice; tickets: number; right: number }>();
  window.forEach(({ channel, language, contactType }, index) => {
    for (const [by, value] of [
      ['channel', channel],
      ['language', language],
      ['contactType', contactType],
    ] as const) {
      if (value === null) continue;
      const group = groups.get(`${by} ${value}`) ?? { slice: { by, value }, tickets: 0, right: 0 };
      group.tickets += 1;
      group.right += probabilities[index] ?? 0;
      groups.set(`${by} ${value}`, group);
    }
  });
  const [worst] = [...groups.values()]
    .filter(({ tickets }) => tickets >= minSliceTickets && tickets < 0.95 * window.length)
    .map(({ slice, tickets, right }) => ({ slice, tickets, loss: before - right / tickets }))
    .sort((a, b) => b.loss * b.tickets - a.loss * a.tickets);
  return worst && worst.loss > 0 ? worst : null;
}
