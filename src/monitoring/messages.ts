/** Every sentence of the monitor, its alerts and its decisions, in English. The pages have the other languages by the same keys. */
import { formatFigure, messageCatalog } from '../messages/localized-message.js';
import { signalLabel } from './observations/signals.js';
import { formatPercent, toPercent } from '../statistics/percent.js';

interface Change {
  now: number;
  before: number;
}
interface Loss {
  loss: number;
  low: number;
  high: number;
  threshold: number;
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
  required: number;
}

/** @param share 0–1 */
const points = (share: number): string => toPercent(share, 1).toString();
const signed = (share: number): string => `${share < 0 ? '−' : '+'}${points(Math.abs(share))}`;
const errorRate = ({ loss, low, high }: Loss): string =>
  `Estimated error rate ${signed(loss)} pp (95% CI ${signed(low)} to ${signed(high)})`;
const retrainingThreshold = ({ threshold }: Pick<Loss, 'threshold'>): string =>
  `the ${points(threshold)} pp retraining threshold`;
const baseline = (before: number): string => `(baseline ${formatPercent(before)})`;
const outOfDistribution = ({ now, before }: Change): string =>
  `${formatPercent(now)} of tickets are out-of-distribution ${baseline(before)}`;
const contradicted = ({ tickets, template, wrong, expected }: Contradicted): string =>
  `Changed meaning: of ${tickets} labeled tickets predicted as "${template}", ${formatPercent(wrong)} have another label (expected ${formatPercent(expected)})`;

const actionNames: Record<string, string> = {
  repair: 'fix data source',
  reweight: 'prior correction',
  record: 'informational',
  'label-first': 'collect labels',
  retrain: 'retrain',
  none: 'no action',
};

const causeNames: Record<string, string> = {
  'empty-text': 'empty texts',
  'garbled-text': 'garbled texts',
  'field-gone': 'missing field',
  'field-constant': 'constant field',
  channel: 'channel',
  language: 'language',
  'field-value': 'field value',
  'label-shift': 'label shift',
  'new-topic': 'new topic',
  wording: 'wording shift',
  'changed-meaning': 'changed meaning',
  'repeated-text': 'repeated texts',
  volume: 'ticket volume',
  unexplained: 'not identified',
};

/** @param cause kind and subject, `field-gone:country` */
function causeName(cause: string): string {
  const [kind = '', ...subject] = cause.split(':');
  const name = causeNames[kind] ?? kind;
  return subject.join(':') === '' ? name : `${name} (${subject.join(':')})`;
}

/** Shares are 0–1. */
export const messages = {
  'empty-text': ({ now, before }: Change) => `${formatPercent(now)} of tickets have an empty text ${baseline(before)}.`,
  'garbled-text': ({ now, before }: Change) =>
    `${formatPercent(now)} of texts are garbled, probably by a wrong character encoding ${baseline(before)}.`,
  'field-gone': ({ now, before, field }: Change & { field: string }) =>
    `Field ${field} is missing in ${formatPercent(now)} of tickets ${baseline(before)}.`,
  'field-constant': ({ now, before, field, value }: Change & { field: string; value: string }) =>
    `Field ${field} has the constant value "${value}" in ${formatPercent(now)} of tickets ${baseline(before)}.`,
  channel: ({ now, before, value }: Change & { value: string }) =>
    `${formatPercent(now)} of tickets come from the channel "${value}" ${baseline(before)}.`,
  language: ({ now, before, value }: Change & { value: string }) =>
    `${formatPercent(now)} of tickets are in the language "${value}" ${baseline(before)}.`,
  'field-value': ({ now, before, field, value }: Change & { field: string; value: string }) =>
    `Field ${field} is "${value}" in ${formatPercent(now)} of tickets ${baseline(before)}.`,
  'label-shift': ({ now, before, moved, template }: Change & { moved: number; template: string }) =>
    `Label shift: template mix changed by ${formatPercent(moved)} of tickets; share of "${template}" is ${formatPercent(now)} ${baseline(before)}.`,
  wording: (of: Change & { moved: number }) =>
    `Wording shift: about ${formatPercent(of.moved)} of tickets moved in one direction of the embedding space; topics unchanged. ${outOfDistribution(of)}.`,
  'new-topic': (change: Change) =>
    `New topic: ${outOfDistribution(change)}. Not explained by a shift between known templates.`,
  'changed-meaning': (of: Contradicted & { other: string }) =>
    `${contradicted(of)}; ${of.agreeing} are labeled "${of.other}".`,
  'changed-meaning-to-none': (of: Contradicted) => `${contradicted(of)}; no template fits ${of.agreeing} of them.`,
  'repeated-text': ({ share, copies, tickets }: { share: number; copies: number; tickets: number }) =>
    `Repeated texts: ${formatPercent(share)} of tickets are copies of a few texts (${copies} of ${tickets}), as during an outage. Each text counts once.`,
  unexplained: ({ signal }: { signal: string }) =>
    `Drift detected; no cause identified. Strongest signal: ${signalLabel(signal).title}.`,
  volume: ({ day, times }: { day: string; times: number }) =>
    `Ticket volume on ${day} was ${formatFigure(times)}× the usual volume of that weekday.`,

  'other-action': ({ action }: { action: string }) =>
    `Recommended action changed to "${actionNames[action] ?? action}"`,
  'other-cause': ({ cause }: { cause: string }) => `Cause reclassified as ${causeName(cause)}`,
  'cause-is-back': () => 'Cause detected again',
  'snooze-is-over': () => 'Snooze expired',
  'not-seen': ({ hours }: { hours: number }) => `Not detected for ${hours} hours`,
  superseded: ({ version }: { version: string }) => `Model ${version} was promoted`,

  'no-alarm': () => 'No drift detected.',
  untested: ({ tickets, required }: { tickets: number; required: number }) =>
    `Nothing could be tested: ${tickets} different tickets, at least ${required} are required.`,
  'no-cause': () => 'Drift detected; no cause identified.',
  'broken-input': () => 'Fix the input at its source. The model must not be trained on broken input.',
  requested: () => 'Retraining requested by a user.',
  scheduled: () => 'Scheduled retraining is due.',
  'mix-explains': ({ moved }: { moved: number }) =>
    `Label shift of ${formatPercent(moved)} of tickets explains the drift. Prior correction takes effect immediately and can be reverted.`,
  'mix-is-reweighted': ({ moved }: { moved: number }) =>
    `Label shift of ${formatPercent(moved)} of tickets explains the drift. Prior correction is already active.`,
  'topic-can-be-learned': ({ labels }: { labels: number }) =>
    `${labels} labels have templates that the serving model was not trained on: the new topic can be learned now.`,
  'topic-needs-labels': () => 'No template covers the new topic. Create one and collect labels first.',
  'risk-has-risen': (of: Pick<Loss, 'threshold'>) =>
    `Labels show that the error rate rose by more than ${retrainingThreshold(of)}.`,
  'loss-is-unknown': () => 'Accuracy impact not yet known.',
  'loss-is-harmful': (of: Loss) => `${errorRate(of)}: significantly above ${retrainingThreshold(of)}.`,
  'loss-was-harmful': (of: Loss) =>
    `${errorRate(of)}: was significantly above ${retrainingThreshold(of)}, and the estimate still is.`,
  'loss-is-small': (of: Loss) => `${errorRate(of)}: not significantly above ${retrainingThreshold(of)}.`,
  'cool-down': ({ hours, coolDownHours }: { hours: number; coolDownHours: number }) =>
    `Waiting for cool-down: last training ${hours.toFixed(1)} h ago, cool-down ${coolDownHours} h.`,
  'unlearned-labels': ({ labels, required }: Labels) =>
    `${labels} labels since the serving model was trained; a retraining requires ${required}.`,
  'fresh-labels': ({ labels, required }: Labels) => `${labels} new labels; a retraining requires ${required}.`,
};

export const message = messageCatalog(messages);
