/** Runs as parallel coordinates: brushing an axis shows which settings go with which scores. */
import type { EChartsCoreOption, ECharts } from 'echarts/core';
import { useCallback, useMemo, useState } from 'react';
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { TrainingRun } from './api.js';
import { ChartPlace } from './chart-place.js';
import type { Colours } from './chart.js';
import { Empty, Section } from './parts.js';
import { axesOf } from './run-axes.js';
import { argumentName } from './run-page.js';

const fewestRuns = 2;

interface Brushable {
  getModel(): { getSeries(): { getRawIndicesByActiveState(state: string): number[] }[] };
}

export function Parallel({
  runs,
  onBrush,
}: {
  runs: readonly TrainingRun[];
  /** The runs that lie within what was brushed; null for all */
  onBrush: (ids: ReadonlySet<number> | null) => void;
}) {
  const { t } = useTranslation('engineers');
  const [brushed, setBrushed] = useState(0);
  /** A fresh chart has nothing brushed. */
  const [round, setRound] = useState(0);
  const compared = useMemo(() => runs.filter(({ comparison }) => comparison !== null), [runs]);
  const axes = useMemo(
    () =>
      axesOf(compared).map((axis) => ({
        ...axis,
        title: axis.isScore ? t(`axis.${axis.name}`) : argumentName(t, axis.name),
      })),
    [compared, t],
  );
  const option = useCallback(
    (colours: Colours): EChartsCoreOption => ({
      parallel: { left: 72, right: 80, top: 36, bottom: 16, axisExpandable: false },
      parallelAxis: axes.map(({ title }, dim) => ({
        dim,
        name: title,
        nameTextStyle: { color: colours.quiet, fontSize: 11 },
        axisLabel: { color: colours.quiet, fontSize: 10 },
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
        data: compared.map((run) => axes.map(({ read }) => read(run))),
      },
    }),
    [axes, compared],
  );
  const listen = (chart: ECharts): void => {
    chart.on('axisareaselected', () => {
      // The model that knows which lines are active is not in ECharts' types.
      const active =
        (chart as unknown as Brushable).getModel().getSeries()[0]?.getRawIndicesByActiveState('active') ?? [];
      setBrushed(active.length);
      onBrush(active.length === 0 ? null : new Set(active.flatMap((at) => compared[at]?.id ?? [])));
    });
  };
  const clear = (): void => {
    setBrushed(0);
    setRound((count) => count + 1);
    onBrush(null);
  };
  return (
    <Section
      title={t('training.parallel')}
      says={compared.length < fewestRuns ? undefined : t('training.parallelSays')}
      aside={
        brushed > 0 && (
          <Button size="compact-xs" variant="subtle" onClick={clear}>
            {t('training.showAll', { count: brushed })}
          </Button>
        )
      }
    >
      {compared.length < fewestRuns ? (
        <Empty title={t('training.tooFew')}>{t('training.tooFewDo')}</Empty>
      ) : (
        <ChartPlace
          key={`${round} ${compared.length}`}
          label={t('training.parallel')}
          height={260}
          option={option}
          onReady={listen}
        />
      )}
    </Section>
  );
}
