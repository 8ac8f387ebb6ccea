import { Checkbox } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { TrainingRun } from '../api.js';
import { useFormat } from '../../ui/format.js';
import { Figure } from '../../ui/interval.js';
import { FigureHead, Table } from '../../ui/parts.js';
import { RunState } from './run-state.js';

export function RunsTable({
  runs,
  chosen,
  onChoose,
}: {
  runs: readonly TrainingRun[];
  chosen: readonly number[];
  onChoose: (id: number) => void;
}) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  return (
    <Table label={t('training.runs')}>
      <thead>
        <tr>
          <th>
            <span className="unseen">{t('training.select')}</span>
          </th>
          <th>{t('training.run')}</th>
          <th>{t('training.status')}</th>
          <th>{t('training.startedAt')}</th>
          <th>{t('training.triggeredBy')}</th>
          <FigureHead name={t('models.labels')} term="training-data" />
          <FigureHead name={t('training.top1')} term="top-1-accuracy" />
          <FigureHead name={t('comparison.difference')} term="delta-vs-champion" />
          <FigureHead name={t('training.duration')} term="training-duration" />
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => {
          const { id, state, comparison, createdAt, startedAt, endedAt } = run;
          const labels = run.arguments['learnedFrom'];
          return (
            <tr key={id}>
              <td>
                <Checkbox
                  size="xs"
                  aria-label={t('training.selectRun', { id })}
                  checked={chosen.includes(id)}
                  onChange={() => onChoose(id)}
                />
              </td>
              <td>
                <Link href={`/${id}`}>#{id}</Link>
              </td>
              <td>
                <RunState state={state} />
              </td>
              <td data-fixed>{format.moment(startedAt ?? createdAt)}</td>
              <td>{t(`trigger.${run.trigger}`, { name: run.requestedBy })}</td>
              <td data-number>{typeof labels === 'number' ? format.number(labels) : '–'}</td>
              <td data-number>{comparison ? format.percent(comparison.challenger.top1) : '–'}</td>
              <td data-number>
                {comparison ? (
                  <Figure
                    text={format.points(comparison.difference.points)}
                    low={format.points(comparison.difference.low)}
                    high={format.points(comparison.difference.high)}
                  />
                ) : (
                  '–'
                )}
              </td>
              <td data-number>{startedAt && endedAt ? format.duration(startedAt, endedAt) : '–'}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}
