/** A template that now answers other tickets than it did: labels disagree with a model that is sure, while tickets read as before. */
import type { Cause } from './cause.js';
import type { LabelledObservation, Observation, Outcome } from '../observations/observation.js';
import { fisherGreater, poissonBinomialTail, proportion } from '../../statistics/proportions.js';
import { message } from '../messages.js';

const level = 1e-3;
const minTickets = 5;
/** Half of the labels that contradict a template's suggestions name one other template, or none. */
const minAgreement = 0.4;
/** Fewer relabelled tickets are mistakes of labelling. */
const minAgreeing = 3;
const minRise = 0.15;

/** A labelled ticket of the window, and how probable it was that its first suggestion is right. */
export interface LabelledPrediction {
  observation: Observation;
  outcome: Pick<Outcome, 'templateId'>;
  probability: number;
}

/**
 * A model that few labels trained is surer than it is right, so its confidence alone proves nothing. The same label must also replace
 * the suggestion more often than it did for held-out tickets with that first suggestion (Fisher's exact test).
 *
 * @param heldOut the model's training tickets with out-of-fold predictions
 * @returns one for each template whose suggestions are wrong more often than both allow
 */
export function findChangedMeanings(
  judged: readonly LabelledPrediction[],
  heldOut: readonly LabelledObservation[],
): Cause[] {
  const groups = new Map<string, LabelledPrediction[]>();
  for (const ticket of judged) {
    const first = ticket.observation.ranking[0]?.templateId;
    if (first !== undefined) groups.set(first, [...(groups.get(first) ?? []), ticket]);
  }
  return [...groups].flatMap(([templateId, tickets]): Cause[] => {
    if (tickets.length < minTickets) return [];
    const wrong = tickets.filter(({ outcome }) => outcome.templateId !== templateId);
    const { other, agreeing, labels } = maxNamed(wrong);
    if (agreeing < Math.max(minAgreeing, minAgreement * wrong.length)) return [];
    const known = heldOut.filter(({ ranking }) => ranking[0]?.templateId === templateId);
    const before = { hits: known.filter((ticket) => ticket.templateId === other).length, of: known.length };
    const byHeldOut = labels * fisherGreater({ hits: agreeing, of: tickets.length }, before);
    const uncertain = tickets.map(({ probability }) => 1 - probability);
    const byConfidence = poissonBinomialTail(wrong.length, uncertain);
    const pValue = Math.min(1, groups.size * Math.max(byConfidence, byHeldOut));
    const knownErrors = { hits: known.filter((ticket) => ticket.templateId !== templateId).length, of: known.length };
    const usual = Math.max(
      uncertain.reduce((sum, p) => sum + p, 0),
      proportion(knownErrors) * tickets.length,
    );
    const rise = (wrong.length - usual) / tickets.length;
    if (pValue > level || rise < minRise) return [];
    const of = {
      tickets: tickets.length,
      template: templateId,
      wrong: wrong.length / tickets.length,
      expected: usual / tickets.length,
      agreeing,
    };
    return [
      {
        kind: 'changed-meaning',
        subject: templateId,
        share: (rise * tickets.length) / judged.length,
        pValue,
        ...(other === null ? message('changed-meaning-to-none', of) : message('changed-meaning', { ...of, other })),
      },
    ];
  });
}

/** The label that most of the tickets have, how many have it, and the number of different labels. */
function maxNamed(wrong: readonly LabelledPrediction[]): { other: string | null; agreeing: number; labels: number } {
  const counts = new Map<string | null, number>();
  for (const { outcome } of wrong) counts.set(outcome.templateId, (counts.get(outcome.templateId) ?? 0) + 1);
  const [[other, agreeing] = [null, 0]] = [...counts].sort(([, a], [, b]) => b - a);
  return { other, agreeing, labels: counts.size };
}
