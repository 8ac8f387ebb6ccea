/** A template that now answers other tickets than it did: labels disagree with a model that is sure, while tickets read as before. */
import type { Cause } from './cause.js';
import type { Observation, Outcome } from '../observations/observation.js';
import { poissonBinomialTail } from '../../statistics/proportions.js';
import { message } from '../messages.js';

const level = 1e-3;
const minTickets = 5;
/** Half of the labels that contradict a template's suggestions name one other template, or none. */
const minAgreement = 0.4;
const minRise = 0.15;

/** A labelled ticket of the window, and how probable it was that its first suggestion is right. */
export interface LabelledPrediction {
  observation: Observation;
  outcome: Pick<Outcome, 'templateId'>;
  probability: number;
}

/** @returns one for each template whose suggestions are wrong more often than the model's calibrated confidence allows */
export function findChangedMeanings(judged: readonly LabelledPrediction[]): Cause[] {
  const groups = new Map<string, LabelledPrediction[]>();
  for (const ticket of judged) {
    const first = ticket.observation.ranking[0]?.templateId;
    if (first !== undefined) groups.set(first, [...(groups.get(first) ?? []), ticket]);
  }
  return [...groups].flatMap(([templateId, tickets]): Cause[] => {
    if (tickets.length < minTickets) return [];
    const wrong = tickets.filter(({ outcome }) => outcome.templateId !== templateId);
    const expected = tickets.map(({ probability }) => 1 - probability);
    const usual = expected.reduce((sum, p) => sum + p, 0);
    const pValue = Math.min(1, groups.size * poissonBinomialTail(wrong.length, expected));
    const rise = (wrong.length - usual) / tickets.length;
    const [other, agreeing] = maxNamed(wrong);
    if (pValue > level || rise < minRise || agreeing < minAgreement * wrong.length) return [];
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

function maxNamed(wrong: readonly LabelledPrediction[]): [string | null, number] {
  const counts = new Map<string | null, number>();
  for (const { outcome } of wrong) counts.set(outcome.templateId, (counts.get(outcome.templateId) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most ?? [null, 0];
}
