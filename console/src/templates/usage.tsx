import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { localeOf } from '../service/language.js';
import { ChartPlace } from '../ui/chart-place.js';
import type { Colours } from '../ui/chart.js';
import { TermInfo } from '../ui/glossary/term-info.js';
import { useFormat } from '../ui/format.js';
import { momentFormats } from '../ui/moments.js';
import type { Statistics } from './api.js';

/** How often it was shown, taken and used, and when. */
export function Usage({ statistics: { shown, acceptance, used, imported, usage } }: { statistics: Statistics }) {
  const { t } = useTranslation('templates');
  const format = useFormat();
  const low = acceptance ? format.share(acceptance.low, 0) : '';
  const high = acceptance ? format.share(acceptance.high, 0) : '';
  return (
    <div className="usage">
      <dl className="usage-figures">
        <div>
          <dt>
            {t('usage.acceptance')}
            <TermInfo term="acceptance-rate-at-rank-1" name={t('usage.acceptance')} />
          </dt>
          <dd>{acceptance ? format.share(acceptance.value, 0) : '–'}</dd>
          <dd>
            {acceptance ? t('usage.acceptanceInterval', { low, high, count: acceptance.of }) : t('usage.neverFirst')}
          </dd>
        </div>
        <div>
          <dt>
            {t('usage.shown')}
            <TermInfo term="shown" name={t('usage.shown')} />
          </dt>
          <dd>{format.number(shown)}</dd>
          <dd>{t('usage.shownDescription')}</dd>
        </div>
        <div>
          <dt>
            {t('usage.used')}
            <TermInfo term="used" name={t('usage.used')} />
          </dt>
          <dd>{format.number(used)}</dd>
          <dd>
            {t('usage.usedDescription')}
            {imported > 0 && ` ${t('usage.imported', { count: imported })}`}
          </dd>
        </div>
      </dl>
      {shown + used === 0 ? <p className="usage-nothing">{t('usage.empty')}</p> : <UsageChart usage={usage} />}
    </div>
  );
}

function UsageChart({ usage }: Pick<Statistics, 'usage'>) {
  const { t, i18n } = useTranslation('templates');
  const { day } = momentFormats(localeOf(i18n.language));
  const names = { used: t('usage.chartUsed'), shown: t('usage.chartShown') };
  const option = useCallback(
    (colours: Colours): EChartsCoreOption => ({
      grid: { left: 36, right: 8, top: 32, bottom: 24 },
      legend: { top: 0, left: 0, textStyle: { color: colours.text }, itemWidth: 12, itemHeight: 8, icon: 'roundRect' },
      xAxis: {
        type: 'category',
        data: usage.map(({ from }) => day.format(new Date(from))),
        axisLabel: { color: colours.quiet },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: colours.line } },
      },
      yAxis: {
        type: 'value',
        minInterval: 1,
        axisLabel: { color: colours.quiet },
        splitLine: { lineStyle: { color: colours.line } },
      },
      series: [
        { type: 'bar', name: names.used, data: usage.map(({ used }) => used), color: colours.accent, barMaxWidth: 28 },
        {
          type: 'line',
          name: names.shown,
          data: usage.map(({ shown }) => shown),
          color: colours.quiet,
          symbolSize: 5,
          lineStyle: { width: 1.5 },
        },
      ],
    }),
    [usage, day, names.used, names.shown],
  );
  return <ChartPlace label={t('usage.chart')} height={200} option={option} />;
}
