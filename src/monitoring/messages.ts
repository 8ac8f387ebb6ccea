/** Every sentence of the monitor, its alerts and its decisions, in English. The pages have the other languages by the same keys. */
import { figure, percent, sayer } from '../messages/localized-message.js';
import { wordsOf } from './observations/signals.js';

interface Change {
  now: number;
  before: number;
}
interface Loss {
  loss: number;
  low: number;
  high: number;
  least: number;
}
interface Contradicted {
  tickets: number;
  template: string;
  wrong: number;
  expected: number;
  agreeing: number;
}
interface Labels {
  labels: number;
  least: number;
}

/** @param share 0–1 */
const points = (share: number): string => (Math.round(1000 * share) / 10).toString();
const signed = (share: number): string => `${share < 0 ? '−' : '+'}${points(Math.abs(share))}`;
const between = ({ loss, low, high }: Loss): string => `${signed(loss)} points (${signed(low)} to ${signed(high)})`;
const unlike = ({ now, before }: Change): string =>
  `${percent(now)} of the tickets are unlike any that the model knows (before: ${percent(before)})`;
const contradicted = (of: Contradicted): string =>
  `Of ${of.tickets} labelled tickets that the model gives "${of.template}", ${percent(of.wrong)} are labelled otherwise (${percent(of.expected)} were expected), ${of.agreeing} of them`;

/** Shares are 0–1. */
export const sayings = {
  'empty-text': ({ now, before }: Change) =>
    `${percent(now)} of the tickets have an empty text; ${percent(before)} had.`,
  'garbled-text': ({ now, before }: Change) =>
    `${percent(now)} of the texts are garbled, as by a wrong encoding; ${percent(before)} were.`,
  'field-gone': ({ now, before, field }: Change & { field: string }) =>
    `${percent(now)} of the tickets have no ${field}; ${percent(before)} had none.`,
  'field-constant': ({ now, before, field, value }: Change & { field: string; value: string }) =>
    `${field} is "${value}" in ${percent(now)} of the tickets; it was in ${percent(before)}.`,
  channel: ({ now, before, value }: Change & { value: string }) =>
    `${percent(now)} of the tickets have the channel "${value}"; ${percent(before)} had.`,
  language: ({ now, before, value }: Change & { value: string }) =>
    `${percent(now)} of the tickets have the language "${value}"; ${percent(before)} had.`,
  'field-value': ({ now, before, field, value }: Change & { field: string; value: string }) =>
    `${percent(now)} of the tickets have ${field} "${value}"; ${percent(before)} had.`,
  'label-shift': ({ now, before, moved, template }: Change & { moved: number; template: string }) =>
    `The same questions come in another mix: ${percent(moved)} of the tickets have changed their template; "${template}" has ${percent(now)} of them, it had ${percent(before)}.`,
  wording: (of: Change & { moved: number }) =>
    `Tickets say what they said before in other words: about ${percent(of.moved)} of them have moved the same way; ${unlike(of)}.`,
  'new-topic': (change: Change) =>
    `A new topic: ${unlike(change)}, and no other mix of the known templates explains them.`,
  'changed-meaning': (of: Contradicted & { other: string }) => `${contradicted(of)} "${of.other}".`,
  'changed-meaning-to-none': (of: Contradicted) => `${contradicted(of)} none fits.`,
  'repeated-text': ({ share, copies, tickets }: { share: number; copies: number; tickets: number }) =>
    `${percent(share)} of the tickets are copies of a few texts (${copies} of ${tickets}), as in an outage; they count once.`,
  unexplained: ({ signal }: { signal: string }) =>
    `Tickets have moved and no cause stands out; the strongest signal is: ${wordsOf(signal).title}.`,
  volume: ({ day, times }: { day: string; times: number }) =>
    `${day} had ${figure(times)} times as many tickets as its weekday usually has.`,

  'other-action': ({ action }: { action: string }) => `the proposed action is ${action} now`,
  'other-cause': ({ cause }: { cause: string }) => `the cause is seen as ${cause} now`,
  'cause-is-back': () => 'the cause has come back',
  'snooze-is-over': () => 'the snooze is over',
  'not-seen': ({ hours }: { hours: number }) => `not seen for ${hours} hours`,
  superseded: ({ version }: { version: string }) => `${version} ranks now`,

  'no-alarm': () => 'No alarm stands.',
  'no-cause': () => 'An alarm stands; no cause stands out.',
  'broken-input': () => 'Broken input is mended at its source: a model must not learn it.',
  requested: () => 'A person asked for a retraining.',
  scheduled: () => 'The schedule has come round, which needs no drift.',
  'mix-explains': ({ moved }: { moved: number }) =>
    `${percent(moved)} of the tickets have changed their template, which explains what moved: re-weighting mends it at once and can be taken back.`,
  'mix-is-reweighted': ({ moved }: { moved: number }) =>
    `${percent(moved)} of the tickets have changed their template, which explains what moved; the model in service is re-weighted for it.`,
  'topic-can-be-learned': ({ labels }: { labels: number }) =>
    `${labels} labels have templates that the model has never learned: it can learn the topic now.`,
  'topic-needs-labels': () =>
    'No template answers the new topic: it needs one, and labels, before a model can learn it.',
  'risk-has-risen': ({ least }: { least: number }) =>
    `Labelled tickets show that the error rate has risen by more than ${points(least)} points.`,
  'loss-is-unknown': () => 'What it costs in accuracy can not be told yet.',
  'loss-is-harmful': (loss: Loss) =>
    `The estimated error rate has risen by ${between(loss)}; surely more than ${points(loss.least)}, which is worth a retraining.`,
  'loss-was-harmful': (loss: Loss) =>
    `The estimated error rate has risen by ${between(loss)}; it was surely more than ${points(loss.least)}, and still is by the estimate, which is worth a retraining.`,
  'loss-is-small': (loss: Loss) =>
    `The estimated error rate has changed by ${between(loss)}: not surely more than ${points(loss.least)}.`,
  'cool-down': ({ hours, least }: { hours: number; least: number }) =>
    `The last training was ${hours.toFixed(1)} h ago; the cool-down is ${least} h.`,
  'unlearned-labels': ({ labels, least }: Labels) =>
    `There are ${labels} labels that the model in service has not learned; a retraining needs ${least}.`,
  'fresh-labels': ({ labels, least }: Labels) => `There are ${labels} fresh labels; a retraining needs ${least}.`,
};

export const say = sayer(sayings);
