/** The axes of runs as parallel coordinates: settings on the left, scores on the right; and which runs lie within limits there. */
import type { components } from '../../service/openapi.js';

type TrainingRun = components['schemas']['TrainingRun'];

export type ScoreName = 'top1' | 'utility' | 'ece' | 'delta' | 'minutes';

export type RunAxis = { id: string; read: (run: TrainingRun) => number | null } & (
  { isScore: true; name: ScoreName } | { isScore: false; name: string }
);

/** From the least to the most that is kept, both included, by the id of the axis. */
export type Limits = Readonly<Record<string, readonly [low: number, high: number]>>;

const score = (name: ScoreName, read: RunAxis['read']): RunAxis => ({ id: `score.${name}`, isScore: true, name, read });

const scores: readonly RunAxis[] = [
  score('minutes', minutesOf),
  score('ece', ({ comparison }) => comparison?.challenger.ece ?? null),
  score('utility', ({ comparison }) => comparison?.challenger.useful ?? null),
  score('top1', ({ comparison }) => comparison?.challenger.top1 ?? null),
  score('delta', ({ comparison }) => comparison?.difference.points ?? null),
];

/** Settings that are numbers and not the same in all runs, then the scores. */
export function axesOf(runs: readonly TrainingRun[]): RunAxis[] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.arguments)))];
  const settings = names.filter((name) => {
    const values = runs.map((run) => run.arguments[name]);
    return values.every((value) => typeof value === 'number') && new Set(values).size > 1;
  });
  return [
    ...settings.map((name): RunAxis => ({
      id: `setting.${name}`,
      isScore: false,
      name,
      read: (run) => numberOf(run.arguments[name]),
    })),
    ...scores,
  ];
}

/** A run without a value on an axis lies outside of its limits. */
export function runsWithin(runs: readonly TrainingRun[], axes: readonly RunAxis[], limits: Limits): TrainingRun[] {
  return runs.filter((run) =>
    axes.every(({ id, read }) => {
      const limit = limits[id];
      if (!limit) return true;
      const value = read(run);
      return value !== null && limit[0] <= value && value <= limit[1];
    }),
  );
}

/** The values that runs have on an axis, each once, the least first. */
export function valuesOn({ read }: RunAxis, runs: readonly TrainingRun[]): number[] {
  const values = new Set(runs.flatMap((run) => read(run) ?? []));
  return [...values].sort((a, b) => a - b);
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function minutesOf({ startedAt, endedAt }: TrainingRun): number | null {
  return startedAt && endedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 60_000 : null;
}
