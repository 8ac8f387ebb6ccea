/** The limits of every axis as sliders from run to run, for keyboards and screen readers. */
import { RangeSlider } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { TrainingRun } from '../api.js';
import { TermInfo } from '../../ui/glossary/term-info.js';
import type { GlossaryTerm } from '../../ui/glossary/terms.js';
import { useFormat } from '../../ui/format.js';
import { valuesOn, type Limits, type RunAxis, type ScoreName } from './run-axes.js';

const scoreTerms = {
  minutes: 'training-duration',
  ece: 'calibration-error-ece',
  utility: 'utility',
  top1: 'top-1-accuracy',
  delta: 'delta-vs-champion',
} as const satisfies Record<ScoreName, GlossaryTerm>;

export type TitledAxis = RunAxis & { title: string };

export function AxisLimits({
  axes,
  runs,
  limits,
  onLimits,
}: {
  axes: readonly TitledAxis[];
  runs: readonly TrainingRun[];
  limits: Limits;
  onLimits: (limits: Limits) => void;
}) {
  const { t } = useTranslation('engineers');
  return (
    <details className="axis-limits">
      <summary>{t('training.limits')}</summary>
      <div>
        {axes.map((axis) => {
          const values = valuesOn(axis, runs);
          const { [axis.id]: limit, ...others } = limits;
          return (
            values.length > 1 && (
              <AxisLimit
                key={axis.id}
                title={axis.title}
                {...(axis.isScore && { term: scoreTerms[axis.name] })}
                values={values}
                limit={limit ?? null}
                onLimit={(one) => onLimits(one ? { ...others, [axis.id]: one } : others)}
              />
            )
          );
        })}
      </div>
    </details>
  );
}

function AxisLimit({
  title,
  term,
  values,
  limit,
  onLimit,
}: {
  title: string;
  term?: GlossaryTerm;
  values: readonly number[];
  limit: Limits[string] | null;
  onLimit: (limit: Limits[string] | null) => void;
}) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const last = values.length - 1;
  const at = (place: number): number => values[place] ?? NaN;
  const write = (place: number): string => format.rounded(at(place));
  const [from, to] = limit ? placesWithin(values, limit) : [0, last];
  return (
    <div>
      <p>
        {title}
        {term && <TermInfo term={term} name={title} />}{' '}
        <span className="quiet">
          {write(from)} – {write(to)}
        </span>
      </p>
      <RangeSlider
        size="sm"
        min={0}
        max={last}
        minRange={0}
        value={[from, to]}
        onChange={([low, high]) => onLimit(low === 0 && high === last ? null : [at(low), at(high)])}
        label={null}
        thumbFromLabel={t('training.limitFrom', { axis: title })}
        thumbToLabel={t('training.limitTo', { axis: title })}
        thumbValueText={write}
      />
    </div>
  );
}

/** The first and the last value within the limit; where none is, the next one above it, twice. */
function placesWithin(values: readonly number[], [low, high]: Limits[string]): [number, number] {
  const first = values.findIndex((value) => value >= low);
  const from = first < 0 ? values.length - 1 : first;
  return [
    from,
    Math.max(
      from,
      values.findLastIndex((value) => value <= high),
    ),
  ];
}
