import type { EChartsCoreOption } from 'echarts/core';
import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { TrainingReport } from '../api.js';
import { ChartPlace } from '../../ui/chart-place.js';
import type { Colours } from '../../ui/chart.js';
import { useFormat } from '../../ui/format.js';
import { TermInfo } from '../../ui/glossary/term-info.js';
import type { GlossaryTerm } from '../../ui/glossary/terms.js';
import { Fact, FigureHead, Loaded, PageBody, Section, Table } from '../../ui/parts.js';
import { reportQuery } from '../queries.js';

const maxShown = 12;

/** The report of a version: cross-validation results, calibration and error analysis. */
export function ReportPage({ version }: { version: string }) {
  const { t } = useTranslation('engineers');
  const report = useQuery(reportQuery(version));
  return (
    <PageBody title={t('report.title', { version })} description={<Link href="/">{t('report.back')}</Link>}>
      <Loaded query={report} lines={6}>
        {(data) => <Report report={data} />}
      </Loaded>
    </PageBody>
  );
}

function Report({ report }: { report: TrainingReport }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const { heldOut, baselines, diagnosis, data, seconds, confusions } = report;
  const took = Object.values(seconds).reduce((sum, one) => sum + one, 0);
  const facts: [name: string, value: string, term: GlossaryTerm][] = [
    [t('models.top1'), format.percent(heldOut.top1), 'out-of-fold-accuracy'],
    [t('models.hits3'), format.percent(heldOut.hits3), 'top-3-accuracy'],
    [t('report.majority'), format.percent(baselines.majority), 'majority-class-baseline'],
    [t('report.nearestCentroid'), format.percent(baselines.nearestMean), 'nearest-centroid-baseline'],
    [t('models.labels'), format.number(data.rows), 'label'],
    [t('models.templates'), format.number(data.templates), 'reply-template'],
    [
      t('training.duration'),
      format.duration(report.createdAt, Date.parse(report.createdAt) + 1000 * took),
      'training-duration',
    ],
    [t('argument.seed'), format.number(report.seed), 'seed'],
  ];
  return (
    <>
      <Section title={t('report.crossValidation')} description={t('models.outOfFoldDescription')}>
        <dl className="facts-grid">
          {facts.map(([name, value, term]) => (
            <Fact key={name} name={name} term={term}>
              {value}
            </Fact>
          ))}
        </dl>
      </Section>
      <div className="ml-columns">
        <Section title={t('report.calibration')} term="calibration" description={t('report.calibrationDescription')}>
          <Calibration report={report} />
        </Section>
        <Section
          title={t('report.errorAnalysis')}
          term="error-analysis"
          description={
            <>
              {t('report.errorAnalysisDescription', { ceiling: format.percent(diagnosis.ceiling) })}
              <TermInfo term="estimated-ceiling" name={t('report.errorAnalysis')} />
            </>
          }
        >
          <Table label={t('report.errorAnalysis')}>
            <tbody>
              {diagnosis.parts.map(({ name, points, next }) => (
                <tr key={name}>
                  <td data-fixed>{isPart(name) ? t(`report.part.${parts[name]}`) : name}</td>
                  <td data-number>{format.percent(points)}</td>
                  <td>{isPart(name) ? t(`report.advice.${parts[name]}`) : next}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Section>
        <Section title={t('report.slices')} term="slice" description={t('report.slicesDescription')}>
          <Slices report={report} />
        </Section>
        <Section title={t('report.confusions')} term="confusions" description={t('report.confusionsDescription')}>
          <Table label={t('report.confusions')}>
            <thead>
              <tr>
                <th>{t('report.label')}</th>
                <th>{t('report.predicted')}</th>
                <th data-number>{t('comparison.tickets')}</th>
              </tr>
            </thead>
            <tbody>
              {confusions.slice(0, maxShown).map(({ label, predicted, count }) => (
                <tr key={`${label} ${predicted}`}>
                  <td>{label}</td>
                  <td>{predicted}</td>
                  <td data-number>{format.number(count)}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Section>
      </div>
    </>
  );
}

/** Names in the report of a training, and their messages */
const parts = { bias: 'bias', variance: 'variance', 'label noise': 'labelNoise' } as const;
const slices = {
  'contact type': 'contactType',
  channel: 'channel',
  language: 'language',
  'head and tail': 'templates',
} as const;
const frequencies = { head: 'head', middle: 'torso', tail: 'tail' } as const;

const isPart = (name: string): name is keyof typeof parts => Object.hasOwn(parts, name);
const isSlice = (by: string): by is keyof typeof slices => Object.hasOwn(slices, by);
const isFrequency = (name: string): name is keyof typeof frequencies => Object.hasOwn(frequencies, name);

/** The weakest first, of every kind but single templates, which are too many. */
function Slices({ report: { heldOut } }: { report: TrainingReport }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const rows = Object.entries(heldOut.slices)
    .filter(([by]) => by !== 'template')
    .flatMap(([by, values]) => Object.entries(values).map(([value, scores]) => ({ by, value, ...scores })))
    .sort((a, b) => a.top1 - b.top1)
    .slice(0, maxShown);
  return (
    <Table label={t('report.slices')}>
      <thead>
        <tr>
          <th>{t('comparison.slice')}</th>
          <th data-number>{t('comparison.tickets')}</th>
          <FigureHead name={t('models.top1')} term="top-1-accuracy" />
          <FigureHead name={t('models.hits3')} term="top-3-accuracy" />
        </tr>
      </thead>
      <tbody>
        {rows.map(({ by, value, rows: tickets, top1, hits3 }) => (
          <tr key={`${by} ${value}`}>
            <td>
              <span className="quiet">{isSlice(by) ? t(`report.by.${slices[by]}`) : by}</span>{' '}
              {isFrequency(value) && by === 'head and tail' ? t(`report.frequency.${frequencies[value]}`) : value}
            </td>
            <td data-number>{format.number(tickets)}</td>
            <td data-number>{format.percent(top1)}</td>
            <td data-number>{format.percent(hits3)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Calibration({ report: { calibration } }: { report: TrainingReport }) {
  const { t } = useTranslation('engineers');
  const confidenceLabel = t('report.meanConfidence');
  const accuracyLabel = t('report.accuracy');
  const format = useFormat();
  const option = useCallback(
    (colours: Colours): EChartsCoreOption => {
      const axis = (name: string) => ({
        type: 'value',
        min: 0,
        max: 1,
        name,
        nameLocation: 'middle',
        nameTextStyle: { color: colours.quiet },
        axisLabel: { color: colours.quiet, formatter: (value: number) => format.rounded(value) },
        splitLine: { lineStyle: { color: colours.line } },
      });
      return {
        grid: { left: 56, right: 16, top: 12, bottom: 44 },
        tooltip: { trigger: 'item' },
        xAxis: { ...axis(confidenceLabel), nameGap: 26 },
        yAxis: { ...axis(accuracyLabel), nameGap: 36 },
        series: [
          {
            type: 'line',
            silent: true,
            showSymbol: false,
            lineStyle: { type: 'dashed', width: 1, color: colours.quiet },
            data: [
              [0, 0],
              [1, 1],
            ],
          },
          {
            type: 'line',
            symbolSize: 7,
            lineStyle: { width: 1.75, color: colours.accent },
            itemStyle: { color: colours.accent },
            data: calibration.map(({ confidence, right }) => [confidence, right]),
          },
        ],
      };
    },
    [calibration, confidenceLabel, accuracyLabel, format],
  );
  return <ChartPlace label={t('report.calibration')} height={240} option={option} />;
}
