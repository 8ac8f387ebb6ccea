import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Empty, FigureHead, Table } from '../ui/parts.js';
import type { Statistics } from './api.js';

/** Templates that agents took in place of this one, and this one in place of. */
export function Confusions({ pairs }: { pairs: Statistics['confusedWith'] }) {
  const { t } = useTranslation('templates');
  if (pairs.length === 0) return <Empty title={t('confused.none')}>{t('confused.noneDescription')}</Empty>;
  return (
    <Table label={t('confused.title')}>
      <thead>
        <tr>
          <th>{t('confused.other')}</th>
          <FigureHead name={t('confused.otherUsed')} term="confusions" />
          <FigureHead name={t('confused.thisUsed')} term="confusions" />
        </tr>
      </thead>
      <tbody>
        {pairs.map(({ templateId, title, takenInstead, suggestedInstead }) => (
          <tr key={templateId}>
            <td>
              <Link href={`/t/${templateId}`}>{title}</Link>
            </td>
            <td data-number>{takenInstead}</td>
            <td data-number>{suggestedInstead}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
