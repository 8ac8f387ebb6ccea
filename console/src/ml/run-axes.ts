/** The axes of runs as parallel coordinates: settings on the left, scores on the right. */
import type { TrainingRun } from './api.js';

export type ScoreName = 'top1' | 'useful' | 'ece' | 'difference' | 'minutes';

export type RunAxis = { read: (run: TrainingRun) => number | null } & (
  { isScore: true; name: ScoreName } | { isScore: false; name: string }
);

const scores: readonly RunAxis[] = [
  { isScore: true, name: 'minutes', read: minutesOf },
  { isScore: true, name: 'ece', read: ({ comparison }) => comparison?.challenger.ece ?? null },
  { isScore: true, name: 'useful', read: ({ comparison }) => comparison?.challenger.useful ?? null },
  { isScore: true, name: 'top1', read: ({ comparison }) => comparison?.challenger.top1 ?? null },
  { isScore: true, name: 'difference', read: ({ comparison }) => comparison?.difference.points ?? null },
];

/** Settings that are numbers and not the same in all runs, then the scores. */
export function axesOf(runs: readonly TrainingRun[]): RunAxis[] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.arguments)))];
  const settings = names.filter((name) => {
    const values = runs.map((run) => run.arguments[name]);
    return values.every((value) => typeof value === 'number') && new Set(values).size > 1;
  });
  return [
    ...settings.map((name): RunAxis => ({ isScore: false, name, read: (run) => numberOf(run.arguments[name]) })),
    ...scores,
  ];
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function minutesOf({ startedAt, endedAt }: TrainingRun): number | null {
  return startedAt && endedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 60_000 : null;
}
