/** The monitored signals, declared in one place: each quantity, its kind, and how it is read. */
import type { Observation, Outcome } from './observation.js';

/**
 * `vector`: embeddings · `categorical`: names · `numeric`: numbers · `share`: yes or no · `count`: tickets in a period,
 * which no single ticket has
 */
export type SignalKind = 'vector' | 'categorical' | 'numeric' | 'share' | 'count';

export interface SignalLabel {
  /** Id in findings */
  name: string;
  /** Display name */
  title: string;
  /** Of its effects */
  unit: string;
}

/** A missing name is a name of its own (`none`); a missing number or yes-or-no counts for nothing. */
export type ObservationSignal = SignalLabel &
  (
    | { kind: 'categorical'; read(observation: Observation): string | null }
    | { kind: 'numeric'; read(observation: Observation): number | null }
    | { kind: 'share'; read(observation: Observation): boolean | null }
  );

/** Read from the outcome of a ticket; missing where the outcome does not apply to the signal. */
export type OutcomeSignal = SignalLabel & {
  /** What it is compared with: the model's held-out tickets, or the earlier stream */
  baseline: 'reference' | 'stream';
} & (
    | { kind: 'numeric'; read(outcome: Outcome, observation: Observation): number | null }
    | { kind: 'share'; read(outcome: Outcome, observation: Observation): boolean | null }
  );

/** Has its own measures (`EmbeddingSpace`), which are fitted on the whole reference. */
export const embeddingSignal = {
  name: 'embedding',
  title: 'embedding drift',
  unit: 'share of out-of-distribution tickets',
  kind: 'vector',
} as const;

/** Monitored per day (`VolumeDetector`), separately from drift. */
export const volumeSignal = {
  name: 'volume',
  title: 'daily ticket volume',
  unit: 'times the baseline',
  kind: 'count',
} as const;

const top1 = ({ ranking }: Observation): { templateId: string; probability: number } | undefined => ranking[0];

const ticketSignals: readonly ObservationSignal[] = [
  {
    name: 'template',
    title: 'predicted templates',
    unit: 'share of tickets',
    kind: 'categorical',
    read: (observation) => top1(observation)?.templateId ?? null,
  },
  {
    name: 'contactType',
    title: 'predicted contact types',
    unit: 'share of tickets',
    kind: 'categorical',
    read: ({ contactType }) => contactType,
  },
  {
    name: 'confidence',
    title: 'top-1 confidence',
    unit: 'probability',
    kind: 'numeric',
    read: (observation) => top1(observation)?.probability ?? null,
  },
  {
    name: 'entropy',
    title: 'prediction entropy',
    unit: 'nats',
    kind: 'numeric',
    read: ({ entropy }) => entropy,
  },
  {
    name: 'abstention',
    title: 'abstention rate',
    unit: 'share of tickets',
    kind: 'share',
    read: ({ abstained }) => abstained,
  },
  { name: 'channel', title: 'channels', unit: 'share of tickets', kind: 'categorical', read: ({ channel }) => channel },
  {
    name: 'language',
    title: 'languages',
    unit: 'share of tickets',
    kind: 'categorical',
    read: ({ language }) => language,
  },
  {
    name: 'words',
    title: 'ticket length in words',
    unit: 'words',
    kind: 'numeric',
    // Empty ones are a signal of their own.
    read: ({ words }) => (words === 0 ? null : words),
  },
  {
    name: 'unknownWords',
    title: 'OOV rate',
    unit: 'share of words',
    kind: 'numeric',
    read: ({ unknownShare }) => unknownShare,
  },
  {
    name: 'empty',
    title: 'empty-text rate',
    unit: 'share of tickets',
    kind: 'share',
    read: ({ words }) => words === 0,
  },
];

export interface FieldKind {
  name: string;
  /** Whether its values are numbers */
  isNumeric: boolean;
}

/** The signals of an observation: those that every ticket has, and its structured fields. */
export function observationSignals(fields: readonly FieldKind[]): ObservationSignal[] {
  return [...ticketSignals, ...fields.flatMap(fieldSignals)];
}

function fieldSignals({ name, isNumeric }: FieldKind): ObservationSignal[] {
  const words = { name: `field:${name}`, title: `field ${name}` };
  if (!isNumeric) {
    const read = ({ fields }: Observation): string | null => {
      const value = fields[name];
      return value === null || value === undefined || value === '' ? null : String(value);
    };
    return [{ ...words, unit: 'share of tickets', kind: 'categorical', read }];
  }
  const number = ({ fields }: Observation): number | null => {
    const value = fields[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  return [
    { ...words, unit: name, kind: 'numeric', read: number },
    {
      name: `field:${name}:missing`,
      title: `missing rate of field ${name}`,
      unit: 'share of tickets',
      kind: 'share',
      read: (observation) => number(observation) === null,
    },
  ];
}

const isTop1Correct = ({ templateId }: Outcome, observation: Observation): boolean =>
  templateId !== null && top1(observation)?.templateId === templateId;

export const outcomeSignals: readonly OutcomeSignal[] = [
  {
    name: 'acceptance',
    title: 'top-1 acceptance rate',
    unit: 'share of choices',
    kind: 'share',
    // Suggestions influence agents, and held-out tickets never showed any: only the earlier stream is comparable.
    baseline: 'stream',
    read: ({ provenance, shownProbability, position }, { abstained }) =>
      provenance === 'choice' && shownProbability !== 0 && !abstained ? position === 1 : null,
  },
  {
    name: 'hits3',
    title: 'Hit@3',
    unit: 'share of labels',
    kind: 'share',
    baseline: 'stream',
    read: ({ provenance, templateId }, { ranking }) =>
      provenance === 'history' || templateId === null || ranking.length === 0
        ? null
        : ranking.slice(0, 3).some((item) => item.templateId === templateId),
  },
  {
    name: 'accuracy',
    title: 'holdout accuracy',
    unit: 'share of audit labels',
    kind: 'share',
    baseline: 'reference',
    read: (outcome, observation) =>
      outcome.provenance !== 'audit' || outcome.templateId === null || observation.ranking.length === 0
        ? null
        : isTop1Correct(outcome, observation),
  },
  {
    name: 'calibration',
    title: 'calibration gap (holdout)',
    unit: 'probability',
    kind: 'numeric',
    baseline: 'reference',
    read: (outcome, observation) => {
      if (outcome.provenance !== 'audit' || outcome.templateId === null) return null;
      const top = top1(observation);
      return top ? Number(isTop1Correct(outcome, observation)) - top.probability : null;
    },
  },
];

/** @param signal its name in findings */
export function signalLabel(signal: string): Pick<SignalLabel, 'title' | 'unit'> {
  const fields = signal.startsWith('field:')
    ? [{ name: signal.split(':')[1] ?? '', isNumeric: signal.endsWith(':missing') }]
    : [];
  const known = [embeddingSignal, ...outcomeSignals, ...observationSignals(fields)];
  return (
    known.find(({ name }) => name === signal) ?? {
      title: signal.replace(':', ' '),
      unit: signal.slice('field:'.length),
    }
  );
}
