import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Agreement } from './agreement.js';
import { Clusters } from './clusters.js';
import { PageBody } from '../../ui/parts.js';

/** What a lead can improve: missing templates, and templates that agents confuse. */
export default function TeamPage() {
  const { t } = useTranslation('engineers');
  return (
    <PageBody title={t('team.title')} description={t('team.description')}>
      <Agreement />
      <Clusters aside={<Link href="~/templates/new">{t('team.createTemplate')}</Link>} />
    </PageBody>
  );
}
