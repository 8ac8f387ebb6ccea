/**
 * Inter-agent agreement on the same ticket, or on near-duplicate tickets. Krippendorff's α
 * for nominal data ("Computing Krippendorff's Alpha-Reliability", 2011): 1 where all agree, 0 where they agree as often as by
 * chance; any number of agents may have answered a text. Its interval comes from a bootstrap over texts (Efron & Tibshirani, "An
 * Introduction to the Bootstrap", 1993). No agent is named.
 */
import { effectiveChoice } from '../../suggest/choices/effective-choice.js';

export interface GivenChoice {
  ticket: number;
  /** The same for near-duplicate tickets */
  text: string;
  contactType: string | null;
  agent: string;
  choiceId: string;
  occurredAt: Date;
  outcome: 'used' | 'edited' | 'other-template' | 'own-reply' | 'none-fits';
  /** null: none fits, or the agent's own reply */
  templateId: string | null;
  retracts: string | null;
}

/** An estimate with its 95 % interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

export interface AgreementFigures {
  /** Texts that at least two agents have answered, and the answers to them, one an agent and text */
  texts: number;
  answers: number;
  /** Share of pairs of answers to one text that are the same, 0–1; null without any */
  share: Estimate | null;
  /** null where all answers are the same: chance alone would agree as often */
  alpha: Estimate | null;
}

export interface Disagreement {
  /** null: none fits */
  templates: [string | null, string | null];
  /** Texts that were answered with both */
  texts: number;
  /** A ticket of such a text for each of the two; the newest text first */
  examples: [number, number][];
}

export interface Agreement extends AgreementFigures {
  /** Those with the fewest texts left out; the least agreed on first */
  contactTypes: (AgreementFigures & { contactType: string })[];
  /** The most frequent first */
  pairs: Disagreement[];
}

/** What one agent last answered to a text. */
interface Answer {
  templateId: string | null;
  ticket: number;
  at: number;
}
interface Text {
  contactType: string | null;
  answers: Answer[];
}

const draws = 1_000;
/** Of a contact type with fewer texts an interval says nothing. */
const minTexts = 10;
const maxPairs = 10;
const maxExamples = 2;

/** @param choices of any order; all of a ticket, retracted ones too @param random of [0, 1) */
export function measureAgentAgreement(choices: readonly GivenChoice[], random: () => number): Agreement {
  const texts = collectTexts(choices);
  const types = [...new Set(texts.flatMap(({ contactType }) => contactType ?? []))];
  const contactTypes = types
    .map((contactType) => ({ contactType, of: texts.filter((text) => text.contactType === contactType) }))
    .filter(({ of }) => of.length >= minTexts)
    .map(({ contactType, of }) => ({ contactType, ...measureAgreement(of, random) }))
    .sort((a, b) => (a.share?.value ?? 1) - (b.share?.value ?? 1));
  return { ...measureAgreement(texts, random), contactTypes, pairs: findDisagreements(texts) };
}

/** Texts that several agents have answered. */
function collectTexts(choices: readonly GivenChoice[]): Text[] {
  const texts = groupBy(choices, ({ text }) => text);
  return [...texts.values()].flatMap((ofText) => {
    const answers = new Map<string, Answer>();
    for (const ofTicket of groupBy(ofText, ({ ticket }) => ticket).values()) {
      for (const [agent, answer] of latestAnswers(ofTicket)) {
        if (answer.at >= (answers.get(agent)?.at ?? -Infinity)) answers.set(agent, answer);
      }
    }
    return answers.size < 2 ? [] : [{ contactType: mostFrequent(ofText), answers: [...answers.values()] }];
  });
}

/** The last choice of each agent for a ticket, whatever others chose later. An own reply is no choice of a template. */
function latestAnswers(choices: readonly GivenChoice[]): [agent: string, answer: Answer][] {
  const byId = new Map(choices.map((choice) => [choice.choiceId, choice]));
  // An agent who only retracts another agent's choice has not answered.
  const isMereUndo = ({ retracts, templateId, agent }: GivenChoice): boolean => {
    const undone = retracts === null ? undefined : byId.get(retracts);
    return undone !== undefined && undone.agent !== agent && [null, undone.templateId].includes(templateId);
  };
  const own = groupBy(
    choices.filter((choice) => !isMereUndo(choice)),
    ({ agent }) => agent,
  );
  return [...own].flatMap(([agent, of]) => {
    const { choice } = effectiveChoice(of);
    if (choice === null || choice.outcome === 'own-reply') return [];
    const { templateId, ticket, occurredAt } = choice;
    return [[agent, { templateId, ticket, at: occurredAt.getTime() }] as [string, Answer]];
  });
}

function mostFrequent(choices: readonly GivenChoice[]): string | null {
  const counts = groupBy(choices, ({ contactType }) => contactType);
  return [...counts].sort(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? null;
}

function measureAgreement(texts: readonly Text[], random: () => number): AgreementFigures {
  const coincidences = new Coincidences(texts);
  const seen = coincidences.figures((place) => place);
  const resampled = Array.from({ length: draws }, () =>
    coincidences.figures(() => Math.floor(random() * texts.length)),
  );
  const estimate = (name: keyof Figures): Estimate | null => {
    const value = seen[name];
    const others = Float64Array.from(resampled.flatMap((figures) => figures[name] ?? [])).sort();
    if (value === null || others.length === 0) return null;
    const at = (share: number): number => others[Math.floor(share * (others.length - 1))]!;
    return { value, low: Math.min(value, at(0.025)), high: Math.max(value, at(0.975)) };
  };
  const answers = texts.reduce((sum, text) => sum + text.answers.length, 0);
  return { texts: texts.length, answers, share: estimate('share'), alpha: estimate('alpha') };
}

interface Figures {
  share: number | null;
  alpha: number | null;
}

/** Krippendorff's coincidences: each answer weighs the same, however many there are to its text. */
class Coincidences {
  private readonly templates = new Map<string | null, number>();
  /** Templates of all answers, one text after another, and where each text begins; the last is the end */
  private readonly answers: Uint32Array;
  private readonly starts: Uint32Array;
  /** Of each text: answers that another answer to it is the same as, 1 for each that all others are */
  private readonly same: Float64Array;

  constructor(texts: readonly Text[]) {
    this.answers = Uint32Array.from(texts.flatMap(({ answers }) => answers.map((one) => this.placeOf(one.templateId))));
    this.starts = new Uint32Array(texts.length + 1);
    texts.forEach(({ answers }, at) => (this.starts[at + 1] = this.starts[at]! + answers.length));
    this.same = Float64Array.from(texts, ({ answers }) => {
      const counts = [...groupBy(answers, ({ templateId }) => templateId).values()].map(({ length }) => length);
      return counts.reduce((sum, count) => sum + (count * (count - 1)) / (answers.length - 1), 0);
    });
  }

  private placeOf(templateId: string | null): number {
    const place = this.templates.get(templateId) ?? this.templates.size;
    this.templates.set(templateId, place);
    return place;
  }

  /** @param pick which text stands at each place */
  figures(pick: (place: number) => number): Figures {
    const totals = new Float64Array(this.templates.size);
    const count = (template: number): void => void (totals[template] = totals[template]! + 1);
    let [all, same] = [0, 0];
    for (let place = 0; place < this.same.length; place += 1) {
      const text = pick(place);
      const [from, to] = [this.starts[text]!, this.starts[text + 1]!];
      for (let at = from; at < to; at += 1) count(this.answers[at]!);
      all += to - from;
      same += this.same[text]!;
    }
    if (all === 0) return { share: null, alpha: null };
    const byChance = totals.reduce((sum, times) => sum + times * (times - 1), 0) / (all * (all - 1));
    return { share: same / all, alpha: byChance === 1 ? null : 1 - (1 - same / all) / (1 - byChance) };
  }
}

function findDisagreements(texts: readonly Text[]): Disagreement[] {
  const found = new Map<string, Disagreement>();
  const newestFirst = texts
    .map(({ answers }) => answers.toSorted((a, b) => b.at - a.at))
    .sort((a, b) => (b[0]?.at ?? 0) - (a[0]?.at ?? 0));
  for (const answers of newestFirst) {
    const firsts = [...new Map(answers.toReversed().map((answer) => [answer.templateId, answer])).values()].sort(
      (a, b) => ((a.templateId ?? '') < (b.templateId ?? '') ? -1 : 1),
    );
    firsts.forEach((one, index) => {
      for (const other of firsts.slice(index + 1)) {
        const key = JSON.stringify([one.templateId, other.templateId]);
        const pair = found.get(key) ?? { templates: [one.templateId, other.templateId], texts: 0, examples: [] };
        pair.texts += 1;
        if (pair.examples.length < maxExamples) pair.examples.push([one.ticket, other.ticket]);
        found.set(key, pair);
      }
    });
  }
  return [...found.values()].sort((a, b) => b.texts - a.texts).slice(0, maxPairs);
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
