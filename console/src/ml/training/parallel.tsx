/** Runs as parallel coordinates: limits on the axes, dragged there or set below, show which settings go with which scores. */
import { Button } from '@mantine/core';
import type { EChartsCoreOption, ECharts } from 'echarts/core';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { TrainingRun } from '../api.js';
import { AxisLimits } from './axis-limits.js';
import { ChartPlace } from '../../ui/chart-place.js';
import type { Colours } from '../../ui/chart.js';
import { useFormat } from '../../ui/format.js';
import { Empty, Section } from '../../ui/parts.js';
import { runsWithin, type Limits, type RunAxis } from './run-axes.js';
import { argumentName } from './run-page.js';

const minRuns = 2;
/** Characters of an axis's name */
const maxLine = 16;

/** What ECharts tells and takes of the limits of one axis. */
interface AreaSelection {
  parallelAxisId: string;
  intervals: [number, number][];
}

export function Parallel({
  runs,
  axes,
  limits,
  onLimits,
}: {
  /** Those with a verdict */
  runs: readonly TrainingRun[];
  axes: readonly RunAxis[];
  limits: Limits;
  onLimits: (limits: Limits) => void;
}) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const chart = useRef<ECharts>(null);
  /** The limits that are drawn there */
  const drawn = useRef<Limits>({});
  const titled = useMemo(
    () => axes.map((axis) => ({ ...axis, title: axis.isScore ? t(`axis.${axis.name}`) : argumentName(t, axis.name) })),
    [axes, t],
  );
  const option = useCallback(
    (colours: Colours): EChartsCoreOption => ({
      parallel: { left: 72, right: 80, top: 48, bottom: 16, axisExpandable: false },
      parallelAxis: titled.map(({ id, title }, dim) => ({
        id,
        dim,
        name: inLines(title),
        nameTextStyle: { color: colours.quiet, fontSize: 11, lineHeight: 13 },
        axisLabel: { color: colours.quiet, fontSize: 10, formatter: (value: number) => format.rounded(value) },
        axisLine: { lineStyle: { color: colours.quiet } },
        scale: true,
        areaSelectStyle: {
          width: 18,
          borderWidth: 1,
          borderColor: colours.accent,
          color: colours.accent,
          opacity: 0.2,
        },
      })),
      tooltip: { show: false },
      series: {
        type: 'parallel',
        lineStyle: { width: 1.75, opacity: 0.75, color: colours.accent },
        inactiveOpacity: 0.08,
        data: runs.map((run) => titled.map(({ read }) => read(run))),
      },
    }),
    [titled, runs, format],
  );
  const draw = (): void => {
    if (chart.current) drawLimits(chart.current, axes, limits);
    drawn.current = limits;
  };
  useEffect(() => {
    if (drawn.current !== limits) draw();
  });
  const listen = (made: ECharts): void => {
    chart.current = made;
    made.on('axisareaselected', (event) => {
      const { parallelAxisId, intervals } = event as AreaSelection;
      const { [parallelAxisId]: _before, ...others } = drawn.current;
      const [one] = intervals;
      drawn.current = one ? { ...others, [parallelAxisId]: [Math.min(...one), Math.max(...one)] } : others;
      onLimits(drawn.current);
    });
  };
  const isLimited = Object.keys(limits).length > 0;
  return (
    <Section
      title={t('training.parallel')}
      description={runs.length < minRuns ? undefined : t('training.parallelDescription')}
      aside={
        isLimited && (
          <Button size="compact-xs" variant="subtle" onClick={() => onLimits({})}>
            {t('training.clearFilters', { count: runsWithin(runs, axes, limits).length })}
          </Button>
        )
      }
    >
      {runs.length < minRuns ? (
        <Empty title={t('training.tooFew')}>{t('training.tooFewDescription')}</Empty>
      ) : (
        <>
          <ChartPlace
            label={t('training.parallelLabel', { count: runs.length })}
            height={260}
            option={option}
            onReady={listen}
            onDrawn={draw}
          />
          <AxisLimits axes={titled} runs={runs} limits={limits} onLimits={onLimits} />
        </>
      )}
    </Section>
  );
}

/** Axes stand close together: a name that is cut off says nothing. */
function inLines(title: string): string {
  const lines: string[] = [];
  for (const word of title.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < maxLine) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

function drawLimits(chart: ECharts, axes: readonly RunAxis[], limits: Limits): void {
  for (const { id } of axes) {
    const limit = limits[id];
    const selection: AreaSelection = { parallelAxisId: id, intervals: limit ? [[...limit]] : [] };
    chart.dispatchAction({ type: 'axisAreaSelect', ...selection }, { silent: true });
  }
  // ECharts does not draw the area of limits that are set by code, so it is drawn with everything else.
  chart.setOption({});
}
