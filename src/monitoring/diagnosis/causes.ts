/**
 * The causes of drift, the most likely first. Upstream causes explain downstream ones: an empty body has no topic, a ticket in another
 * language has other words. So broken input comes first, then channels, languages and fields unless the other tickets have changed too,
 * then the texts.
 */
import { seeded } from '../../statistics/random.js';
import { findBrokenInput } from './broken-input.js';
import { isBrokenInput, type Cause } from './cause.js';
import { findChangedMeanings, type LabelledPrediction } from './changed-meaning.js';
import { isGarbled } from '../observations/garbled-text.js';
import { testLabelShift, type LabelShift } from './label-shift-test.js';
import { maxSimilarityAmong, maxSimilarityTo } from './similarity.js';
import { classifyTextShift, type TextShift } from './text-shift.js';
import { groupNearDuplicates, dropBursts } from '../observations/near-duplicates.js';
import type { Observation } from '../observations/observation.js';
import { cacheByReference } from '../reference/reference-cache.js';
import type { ReferenceSample } from '../reference/reference-sample.js';
import { findRisenValues, affects } from './risen-values.js';
import { message } from '../messages.js';
import { textSignature } from '../reference/ticket-coding.js';

export interface DiagnosisWindow {
  reference: ReferenceSample;
  /** In order of time; copies in bursts count once */
  window: readonly Observation[];
  /** The text of a ticket by its key; null where it was erased */
  textOf: (key: string) => string | null;
  seed: number;
}

export interface InputCauses {
  /** The most likely first */
  causes: Cause[];
  /** Without copies in bursts */
  distinct: Observation[];
  /** Tickets that no upstream cause affects */
  rest: Observation[];
  labelShift: LabelShift | null;
  moved: TextShift | null;
}

const minRepeatedShare = 0.1;
const minCopies = 20;
const minTickets = 50;

const referenceSimilarity = cacheByReference(({ tickets }: ReferenceSample) =>
  maxSimilarityAmong(tickets.map(({ embedding }) => embedding)),
);

/** Causes that need no label. */
export function findInputCauses({ reference, window, textOf, seed }: DiagnosisWindow): InputCauses {
  const distinct = dropBursts(window, textSignature);
  const broken = findBrokenInput(reference, distinct, textOf);
  const similarity = {
    reference: referenceSimilarity(reference),
    distinct: maxSimilarityTo(
      reference.tickets.map(({ embedding }) => embedding),
      distinct.map(({ embedding }) => embedding),
    ),
  };
  const readable = distinct.filter(({ key, words }) => words > 0 && !isGarbled(textOf(key) ?? ''));
  const risen = findRisenValues(reference.tickets, distinct).filter(
    ({ kind, subject }) => kind !== 'field-value' || !broken.some((cause) => cause.subject === subject.split('=')[0]),
  );
  const rest = readable.filter((ticket) => !risen.some((cause) => affects(cause)(ticket)));
  const places = new Map(distinct.map((ticket, index) => [ticket.key, index]));
  const texts = findTextCauses(reference, rest.length >= minTickets ? rest : readable, similarity, places, seed);
  const upstream = [...broken, ...risen].sort((a, b) => b.share - a.share);
  const [isFirst, isLater] = [upstream.filter(isBrokenInput), upstream.filter((cause) => !isBrokenInput(cause))];
  // A rise of a value explains the drift only if the other tickets' texts have not changed.
  const named =
    texts.causes.length > 0 && isLater.every(({ kind }) => kind !== 'language')
      ? [...texts.causes, ...isLater]
      : [...isLater, ...texts.causes];
  const { labelShift, moved } = texts;
  return { causes: [...findRepeatedText(window), ...isFirst, ...named], distinct, rest, labelShift, moved };
}

/** Adds causes that only labels show, after broken input. */
export function addChangedMeanings(
  causes: readonly Cause[],
  labelled: readonly LabelledPrediction[],
  { tickets }: ReferenceSample,
): Cause[] {
  const changed = findChangedMeanings(labelled, tickets).sort((a, b) => b.share - a.share);
  return [...causes.filter(isBrokenInput), ...changed, ...causes.filter((cause) => !isBrokenInput(cause))];
}

function findTextCauses(
  { tickets }: ReferenceSample,
  window: readonly Observation[],
  similarity: { reference: Float64Array; distinct: Float64Array },
  places: ReadonlyMap<string, number>,
  seed: number,
): Pick<InputCauses, 'labelShift' | 'moved'> & { causes: Cause[] } {
  const labelShift = testLabelShift(tickets, window, seed);
  if (!labelShift) return { labelShift: null, moved: null, causes: [] };
  const own = Float64Array.from(window, ({ key }) => similarity.distinct[places.get(key) ?? -1] ?? 0);
  const moved = classifyTextShift({
    reference: tickets,
    window,
    similarity: { reference: similarity.reference, window: own },
    labelShift,
    random: seeded(seed),
  });
  if (moved) return { labelShift, moved, causes: [moved.cause] };
  return { labelShift, moved: null, causes: labelShift.explains ? shiftCause(labelShift) : [] };
}

function shiftCause({ shares: [most], distance, pValue }: LabelShift): Cause[] {
  if (!most) return [];
  const { templateId: template, now, before } = most;
  const headline = message('label-shift', { moved: distance, template, now, before });
  return [{ kind: 'label-shift', subject: template, share: distance, pValue, ...headline }];
}

/** Many copies of one text, as during an outage: no drift, but reported. */
function findRepeatedText(window: readonly Observation[]): Cause[] {
  const counts = groupNearDuplicates(window, textSignature).map(({ length }) => length);
  // Coincidental near-duplicates come in twos and threes.
  const copies = counts.filter((count) => count >= minCopies).reduce((sum, count) => sum + count, 0);
  const share = copies / Math.max(window.length, 1);
  if (share < minRepeatedShare) return [];
  const headline = message('repeated-text', { share, copies, tickets: window.length });
  return [{ kind: 'repeated-text', subject: '', share, pValue: 1e-6, ...headline }];
}
