import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Agreement } from './agreement.js';
import { Clusters } from './clusters.js';
import { PageBody } from '../../ui/parts.js';

/** What a lead can mend: replies that are missing, and ones that agents take for one another. */
export default function TeamPage() {
  const { t } = useTranslation('engineers');
  return (
    <PageBody title={t('team.title')} description={t('team.description')}>
      <Agreement />
      <Clusters aside={<Link href="~/templates/new">{t('team.createTemplate')}</Link>} />
    </PageBody>
  );
}
