import { useTranslation } from 'react-i18next';
import type { AlertDetail } from '../api.js';
import { useFormat, type Format } from '../../ui/format.js';
import { Figure } from '../../ui/interval.js';
import { TermInfo } from '../../ui/glossary/term-info.js';
import { Empty, FigureHead, State, Table } from '../../ui/parts.js';
import { isShare, signalName, unitName } from '../signal-name.js';

type Finding = AlertDetail['findings'][number];

/** @param pValue never 0 */
const pText = (pValue: number, { number }: Format): string =>
  pValue < 0.0001 ? `< ${number(0.0001, 4)}` : number(pValue, 4);

/** The change of each signal with its interval, and its e-value or p-value. */
export function Findings({ findings, label }: { findings: readonly Finding[]; label: string }) {
  const { t } = useTranslation('engineers');
  const format = useFormat();
  const hasEvidence = findings.some(({ pValue }) => pValue === null);
  const hasPValue = findings.some(({ pValue }) => pValue !== null);
  if (findings.length === 0) return <Empty title={t('findings.none')} />;
  return (
    <Table label={label}>
      <thead>
        <tr>
          <th>{t('findings.signal')}</th>
          <th>{t('comparison.slice')}</th>
          <FigureHead name={t('findings.change')} term="change" />
          <th>
            {t('findings.unit')} <TermInfo term="percentage-point-pp" name={t('findings.unit')} />
          </th>
          {hasEvidence && <FigureHead name={t('findings.eValue')} term="e-value" />}
          {hasPValue && <FigureHead name={t('findings.pValue')} term="p-value" />}
          <th>
            {t('findings.alarm')} <TermInfo term="alarm-threshold" name={t('findings.alarm')} />
          </th>
        </tr>
      </thead>
      <tbody>
        {findings.map(({ signal, slice, effect, evidence, pValue, alarm }) => {
          const write = (value: number): string =>
            isShare(effect.unit) ? format.points(100 * value) : format.points(value, 2);
          return (
            <tr key={`${signal} ${slice.by} ${slice.value} ${pValue === null}`}>
              <td>{signalName(t, signal)}</td>
              <td>{slice.by === 'all' ? t('slice.all') : `${t(`slice.${slice.by}`)} ${slice.value}`}</td>
              <td data-number>
                <Figure text={write(effect.value)} low={write(effect.low)} high={write(effect.high)} />
              </td>
              <td>{unitName(t, effect.unit)}</td>
              {hasEvidence && <td data-number>{pValue === null ? format.number(evidence ?? 0, 1) : '–'}</td>}
              {hasPValue && <td data-number>{pValue === null ? '–' : pText(pValue, format)}</td>}
              <td>{alarm && <State kind="bad">{t('findings.yes')}</State>}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}
