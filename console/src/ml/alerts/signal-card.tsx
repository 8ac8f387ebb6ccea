import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Drift } from '../api.js';
import { ChartPlace } from '../../ui/chart-place.js';
import type { Colours } from '../../ui/chart.js';
import { useFormat, type Format } from '../../ui/format.js';
import { Figure } from '../../ui/interval.js';
import { TermInfo } from '../../ui/glossary/term-info.js';
import { State } from '../../ui/parts.js';
import { isShare, signalName, signalTerm, unitName } from '../signal-name.js';

type Finding = Drift['signals'][number];
type Point = Drift['series'][number]['points'][number];

/** One signal: how far from its reference it is now, and how it got there, with the 95 % band and the alarms. */
export function SignalCard({ finding, points }: { finding: Finding; points: readonly Point[] }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const { signal, effect, alarm } = finding;
  const isSum = signal === 'together';
  const factor = isShare(effect.unit) || isSum ? 100 : 1;
  const write = (value: number): string =>
    isSum ? format.share(value, 0) : format.points(factor * value, factor === 100 ? 1 : 2);
  const name = signalName(t, signal);
  const option = useCallback(
    (colours: Colours): EChartsCoreOption => chartOf(points, { factor, isSum, colours, format }),
    [points, factor, isSum, format],
  );
  return (
    <section className="signal" aria-label={name} data-alarm={alarm ? '' : undefined}>
      <header>
        <div className="ml-title">
          <h3>{name}</h3>
          <TermInfo term={signalTerm(signal)} name={name} />
        </div>
        {alarm && <State kind="bad">{t('findings.alarm')}</State>}
      </header>
      <p>
        {isSum ? (
          <Figure text={write(effect.value)} />
        ) : (
          <Figure text={write(effect.value)} low={write(effect.low)} high={write(effect.high)} />
        )}{' '}
        <span className="quiet">{unitName(t, effect.unit)}</span>
      </p>
      {points.length > 1 && (
        <ChartPlace label={t('drift.chart', { name, count: points.length })} height={110} option={option} />
      )}
    </section>
  );
}

function chartOf(
  points: readonly Point[],
  { factor, isSum, colours, format }: { factor: number; isSum: boolean; colours: Colours; format: Format },
): EChartsCoreOption {
  const at = ({ at: moment }: Point): number => Date.parse(moment);
  const band = { type: 'line', stack: 'band', symbol: 'none', silent: true, lineStyle: { opacity: 0 } };
  return {
    grid: { left: 40, right: 8, top: 8, bottom: 22 },
    tooltip: { show: false },
    xAxis: {
      type: 'time',
      axisLabel: {
        color: colours.quiet,
        fontSize: 10,
        hideOverlap: true,
        formatter: (ms: number) => format.tick(ms),
        alignMinLabel: 'left',
        alignMaxLabel: 'right',
      },
      axisLine: { lineStyle: { color: colours.line } },
      splitNumber: 3,
    },
    yAxis: {
      type: 'value',
      scale: true,
      splitNumber: 2,
      ...(isSum && { min: 0, max: (value: { max: number }) => Math.max(100, value.max) }),
      axisLabel: { color: colours.quiet, fontSize: 10, formatter: (value: number) => format.rounded(value) },
      splitLine: { lineStyle: { color: colours.line } },
    },
    series: [
      ...(isSum
        ? []
        : [
            { ...band, stackStrategy: 'all', data: points.map((point) => [at(point), factor * point.low]) },
            {
              ...band,
              stackStrategy: 'all',
              areaStyle: { color: colours.accent, opacity: 0.15 },
              data: points.map((point) => [at(point), factor * (point.high - point.low)]),
            },
          ]),
      {
        type: 'line',
        showSymbol: false,
        lineStyle: { width: 1.5, color: colours.accent },
        data: points.map((point) => [at(point), factor * point.value]),
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: isSum ? colours.warn : colours.quiet, type: 'dashed', width: 1 },
          data: [{ yAxis: isSum ? 100 : 0 }],
        },
      },
      {
        type: 'scatter',
        symbolSize: 6,
        itemStyle: { color: colours.warn },
        data: points.filter(({ alarm }) => alarm).map((point) => [at(point), factor * point.value]),
      },
    ],
  };
}
