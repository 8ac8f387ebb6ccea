import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { TrainingRun } from '../api.js';
import { Curves } from './curves.js';
import { useFormat, type Format } from '../../ui/format.js';
import { TermInfo } from '../../ui/glossary/term-info.js';
import type { GlossaryTerm } from '../../ui/glossary/terms.js';
import { Loaded, PageBody, Section, Table } from '../../ui/parts.js';
import { trainingRunQuery } from '../queries.js';
import { argumentName } from './run-page.js';
import { RunState } from './run-state.js';

/** Two runs side by side: results, configuration and loss curves. */
export function ComparePage({ ids: [a, b] }: { ids: [number, number] }) {
  const { t } = useTranslation('engineers');
  const one = useQuery(trainingRunQuery(a));
  const other = useQuery(trainingRunQuery(b));
  return (
    <PageBody title={t('training.compareTitle', { a, b })} description={<Link href="/">{t('training.back')}</Link>}>
      <Loaded query={one}>
        {(first) => <Loaded query={other}>{(second) => <SideBySide one={first} other={second} />}</Loaded>}
      </Loaded>
    </PageBody>
  );
}

function SideBySide({ one, other }: { one: TrainingRun; other: TrainingRun }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const both = useMemo(() => [one, other], [one, other]);
  const names = [...new Set(both.flatMap((run) => Object.keys(run.arguments)))];
  const rows = names.map((name) => ({
    name: argumentName(t, name),
    values: both.map((run) => shownArgument(run.arguments[name], format)),
  }));
  const scores: { name: string; term: GlossaryTerm; read: (run: TrainingRun) => string }[] = [
    {
      name: t('training.top1'),
      term: 'top-1-accuracy',
      read: ({ comparison }) => (comparison ? format.percent(comparison.challenger.top1) : '–'),
    },
    {
      name: t('comparison.utility'),
      term: 'utility',
      read: ({ comparison }) => (comparison ? format.percent(comparison.challenger.useful) : '–'),
    },
    {
      name: t('comparison.ece'),
      term: 'calibration-error-ece',
      read: ({ comparison }) => (comparison ? format.number(comparison.challenger.ece, 3) : '–'),
    },
    {
      name: t('training.againstChampion'),
      term: 'delta-vs-champion',
      read: ({ comparison }) =>
        comparison
          ? `${format.points(comparison.difference.points)} (${format.points(comparison.difference.low)} – ${format.points(comparison.difference.high)})`
          : '–',
    },
    {
      name: t('comparison.tickets'),
      term: 'sample-size',
      read: ({ comparison }) => (comparison ? format.number(comparison.tickets) : '–'),
    },
    {
      name: t('training.duration'),
      term: 'training-duration',
      read: ({ startedAt, endedAt }) => (startedAt && endedAt ? format.duration(startedAt, endedAt) : '–'),
    },
  ];
  return (
    <>
      <Section title={t('training.results')} description={t('training.compareDescription')}>
        <Table label={t('training.results')}>
          <thead>
            <tr>
              <th>{t('comparison.metric')}</th>
              {both.map(({ id }) => (
                <th key={id} data-number>
                  <Link href={`/${id}`}>#{id}</Link>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <td>{t('training.status')}</td>
              {both.map(({ id, state }) => (
                <td key={id} data-number>
                  <RunState state={state} />
                </td>
              ))}
            </tr>
            {scores.map(({ name, term, read }) => (
              <Row key={name} name={name} term={term} values={both.map(read)} />
            ))}
          </tbody>
        </Table>
      </Section>
      <Section title={t('training.configuration')} term="training-data">
        <Table label={t('training.configuration')}>
          <tbody>
            {rows.map(({ name, values }) => (
              <Row key={name} name={name} values={values} />
            ))}
          </tbody>
        </Table>
      </Section>
      {both.some(({ curves }) => curves.length > 0) && (
        <Section title={t('training.curves')} term="training-loss">
          <Curves runs={both} />
        </Section>
      )}
    </>
  );
}

/** A row whose values differ is marked. */
function Row({ name, term, values }: { name: string; term?: GlossaryTerm; values: string[] }) {
  return (
    <tr data-differs={values[0] === values[1] ? undefined : ''}>
      <td>
        {name} {term && <TermInfo term={term} name={name} />}
      </td>
      {values.map((value, at) => (
        <td key={at} data-number>
          {value}
        </td>
      ))}
    </tr>
  );
}

function shownArgument(value: unknown, format: Format): string {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'number') return format.number(value);
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\dT/.test(value) ? format.moment(value) : value;
  return JSON.stringify(value);
}
