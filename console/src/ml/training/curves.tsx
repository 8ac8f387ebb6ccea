import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { TrainingRun } from '../api.js';
import { ChartPlace } from '../../ui/chart-place.js';
import type { Colours } from '../../ui/chart.js';
import { useFormat } from '../../ui/format.js';

type Curved = Pick<TrainingRun, 'id' | 'curves'>;

/** The loss after each step; of several runs the fit on all tickets, of one run every fit. */
export function Curves({ runs }: { runs: readonly Curved[] }) {
  const { t } = useTranslation('engineers');
  const title = t('training.loss');
  const step = t('training.step');
  const format = useFormat();
  const option = useCallback(
    (colours: Colours): EChartsCoreOption => ({
      grid: { left: 48, right: 16, top: 52, bottom: 40 },
      legend: { top: 0, left: 0, type: 'scroll', textStyle: { color: colours.text }, itemWidth: 14, icon: 'roundRect' },
      xAxis: {
        type: 'value',
        name: step,
        nameLocation: 'middle',
        nameGap: 26,
        axisLabel: { color: colours.quiet, formatter: (value: number) => format.rounded(value) },
        nameTextStyle: { color: colours.quiet },
        splitLine: { show: false },
        axisLine: { lineStyle: { color: colours.line } },
      },
      yAxis: {
        type: 'value',
        name: title,
        nameTextStyle: { color: colours.quiet, align: 'left' },
        nameGap: 8,
        axisLabel: { color: colours.quiet, formatter: (value: number) => format.rounded(value) },
        splitLine: { lineStyle: { color: colours.line } },
      },
      color: [colours.accent, ...colours.others],
      series: linesOf(runs).map(({ name, loss }) => ({
        type: 'line',
        name,
        showSymbol: false,
        lineStyle: { width: 1.75 },
        data: loss.map((value, at) => [at, value]),
      })),
    }),
    [runs, step, title, format],
  );
  return <ChartPlace label={title} height={260} option={option} />;
}

function linesOf(runs: readonly Curved[]): { name: string; loss: number[] }[] {
  if (runs.length === 1) return (runs[0]?.curves ?? []).map(({ training, loss }) => ({ name: training, loss }));
  return runs.flatMap(({ id, curves }) => {
    const last = curves.at(-1);
    return last ? [{ name: `#${id}`, loss: last.loss }] : [];
  });
}
