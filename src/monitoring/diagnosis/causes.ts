/**
 * The causes of what has moved, the most likely first. What lies further up the way of a ticket explains what lies below: a
 * body that is empty has no topic, a ticket in another language has other words. So broken input is named first, then
 * channels, languages and fields, unless the tickets beside those have moved too; then what the texts say.
 */
import { seeded } from '../../statistics/random.js';
import { brokenInput } from './broken-input.js';
import { isBrokenInput, type Cause } from './cause.js';
import { changedMeanings, type JudgedTicket } from './changed-meaning.js';
import { isGarbled } from '../observations/garbled-text.js';
import { testLabelShift, type LabelShift } from './label-shift-test.js';
import { likenessAmong, likenessTo } from './similarity.js';
import { movedTexts, type MovedTexts } from './moved-texts.js';
import { alike, withoutBursts } from '../observations/near-duplicates.js';
import type { Observation } from '../observations/observation.js';
import { perReference } from '../reference/per-reference.js';
import type { ReferenceSample } from '../reference/reference-sample.js';
import { risenValues, touches } from './risen-values.js';
import { message } from '../messages.js';
import { distinctionOf } from '../reference/ticket-coding.js';

export interface CauseQuestion {
  reference: ReferenceSample;
  /** In order of time; copies in bursts are counted once by this */
  window: readonly Observation[];
  /** The text of a ticket by its key; null where it is not there any more */
  textOf: (key: string) => string | null;
  seed: number;
}

export interface InputCauses {
  /** The most likely first */
  causes: Cause[];
  /** Without copies in bursts */
  distinct: Observation[];
  /** Those that no cause above the texts speaks of, and what their texts say */
  rest: Observation[];
  labelShift: LabelShift | null;
  moved: MovedTexts | null;
}

const leastRepeated = 0.1;
const leastCopies = 20;
const fewestTickets = 50;

const likenessOfKnown = perReference(({ tickets }: ReferenceSample) =>
  likenessAmong(tickets.map(({ embedding }) => embedding)),
);

/** Causes that need no label. */
export function inputCauses({ reference, window, textOf, seed }: CauseQuestion): InputCauses {
  const distinct = withoutBursts(window, distinctionOf);
  const broken = brokenInput(reference, distinct, textOf);
  const likeness = {
    reference: likenessOfKnown(reference),
    distinct: likenessTo(
      reference.tickets.map(({ embedding }) => embedding),
      distinct.map(({ embedding }) => embedding),
    ),
  };
  const readable = distinct.filter(({ key, words }) => words > 0 && !isGarbled(textOf(key) ?? ''));
  const risen = risenValues(reference.tickets, distinct).filter(
    ({ kind, subject }) => kind !== 'field-value' || !broken.some((cause) => cause.subject === subject.split('=')[0]),
  );
  const rest = readable.filter((ticket) => !risen.some((cause) => touches(cause)(ticket)));
  const places = new Map(distinct.map((ticket, index) => [ticket.key, index]));
  const texts = textCauses(reference, rest.length >= fewestTickets ? rest : readable, likeness, places, seed);
  const upstream = [...broken, ...risen].sort((a, b) => b.share - a.share);
  const [isFirst, isLater] = [upstream.filter(isBrokenInput), upstream.filter((cause) => !isBrokenInput(cause))];
  // A rise that leaves the other tickets' texts as they were explains all; one beside texts that moved too does not.
  const named =
    texts.causes.length > 0 && isLater.every(({ kind }) => kind !== 'language')
      ? [...texts.causes, ...isLater]
      : [...isLater, ...texts.causes];
  const { labelShift, moved } = texts;
  return { causes: [...repeated(window), ...isFirst, ...named], distinct, rest, labelShift, moved };
}

/** Causes that labels show: they come first where nothing that was seen of the tickets themselves explains more. */
export function withMeanings(causes: readonly Cause[], judged: readonly JudgedTicket[]): Cause[] {
  const changed = changedMeanings(judged).sort((a, b) => b.share - a.share);
  return [...causes.filter(isBrokenInput), ...changed, ...causes.filter((cause) => !isBrokenInput(cause))];
}

function textCauses(
  { tickets }: ReferenceSample,
  window: readonly Observation[],
  likeness: { reference: Float64Array; distinct: Float64Array },
  places: ReadonlyMap<string, number>,
  seed: number,
): Pick<InputCauses, 'labelShift' | 'moved'> & { causes: Cause[] } {
  const labelShift = testLabelShift(tickets, window, seed);
  if (!labelShift) return { labelShift: null, moved: null, causes: [] };
  const own = Float64Array.from(window, ({ key }) => likeness.distinct[places.get(key) ?? -1] ?? 0);
  const moved = movedTexts({
    reference: tickets,
    window,
    likeness: { reference: likeness.reference, window: own },
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

/** Many copies of one text: an outage. They are no drift, but somebody wants to know. */
function repeated(window: readonly Observation[]): Cause[] {
  const counts = alike(window, distinctionOf).map(({ length }) => length);
  // What customers say alike by themselves comes in twos and threes.
  const copies = counts.filter((count) => count >= leastCopies).reduce((sum, count) => sum + count, 0);
  const share = copies / Math.max(window.length, 1);
  if (share < leastRepeated) return [];
  const headline = message('repeated-text', { share, copies, tickets: window.length });
  return [{ kind: 'repeated-text', subject: '', share, pValue: 1e-6, ...headline }];
}
