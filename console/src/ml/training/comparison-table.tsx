import { useTranslation } from 'react-i18next';
import type { Comparison } from '../api.js';
import { useFormat } from '../../ui/format.js';
import { Difference } from '../../ui/interval.js';
import { TermInfo } from '../../ui/glossary/term-info.js';
import { FigureHead, Table } from '../../ui/parts.js';

/** Champion against challenger on the same held-out tickets: as a whole, then by slice, the worst first. */
export function ComparisonTable({ comparison }: { comparison: Comparison }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const { champion, challenger, difference, usefulDifference, slices } = comparison;
  const most = Math.max(
    1,
    ...[difference, usefulDifference, ...slices].flatMap(({ low = 0, high = 0 }) => [Math.abs(low), Math.abs(high)]),
  );
  const sorted = slices.toSorted((a, b) => a.points - b.points);
  return (
    <>
      <p className="description">
        {t(`comparison.basis.${comparison.basis}`, { count: comparison.tickets })}{' '}
        {t('comparison.agreement', { share: format.share(comparison.agreement) })}{' '}
        <TermInfo term="identical-output" name={t('comparison.identicalOutput')} />
      </p>
      <Table label={t('comparison.overall')}>
        <thead>
          <tr>
            <th>{t('comparison.metric')}</th>
            <th data-number>{t('models.champion')}</th>
            <th data-number>{t('models.challenger')}</th>
            <th>
              {t('comparison.difference')} <TermInfo term="delta-vs-champion" name={t('comparison.difference')} />
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td>
              {t('comparison.top1')} <TermInfo term="top-1-accuracy" name={t('comparison.top1')} />
            </td>
            <td data-number>{format.percent(champion.top1)}</td>
            <td data-number>{format.percent(challenger.top1)}</td>
            <td>
              <Difference {...difference} most={most} />
            </td>
          </tr>
          <tr>
            <td>
              {t('comparison.utility')} <TermInfo term="utility" name={t('comparison.utility')} />
            </td>
            <td data-number>{format.percent(champion.useful)}</td>
            <td data-number>{format.percent(challenger.useful)}</td>
            <td>
              <Difference {...usefulDifference} most={most} />
            </td>
          </tr>
          <tr>
            <td>
              {t('comparison.ece')} <TermInfo term="calibration-error-ece" name={t('comparison.ece')} />
            </td>
            <td data-number>{format.number(champion.ece, 3)}</td>
            <td data-number>{format.number(challenger.ece, 3)}</td>
            <td />
          </tr>
        </tbody>
      </Table>
      {sorted.length > 0 && (
        <>
          <h4>{t('comparison.slices')}</h4>
          <Table label={t('comparison.slices')}>
            <thead>
              <tr>
                <th>
                  {t('comparison.slice')} <TermInfo term="slice" name={t('comparison.slice')} />
                </th>
                <th data-number>{t('comparison.tickets')}</th>
                <th>
                  {t('comparison.difference')} <TermInfo term="delta-vs-champion" name={t('comparison.difference')} />
                </th>
                <FigureHead name={t('comparison.pValue')} term="holm-adjustment" />
              </tr>
            </thead>
            <tbody>
              {sorted.map(({ by, value, tickets, points, low, high, pWorse }) => (
                <tr key={`${by} ${value}`}>
                  <td>
                    <span className="quiet">{t(`slice.${by}`)}</span>{' '}
                    {by === 'templates' ? t(value === 'head' ? 'slice.head' : 'slice.tail') : value}
                  </td>
                  <td data-number>{format.number(tickets)}</td>
                  <td>
                    {low !== undefined && high !== undefined ? (
                      <Difference points={points} low={low} high={high} most={most} />
                    ) : (
                      format.points(points)
                    )}
                  </td>
                  <td data-number>{pWorse < 0.001 ? `< ${format.number(0.001, 3)}` : format.number(pWorse, 3)}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        </>
      )}
    </>
  );
}
