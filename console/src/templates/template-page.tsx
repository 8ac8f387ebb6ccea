import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { ApiError } from '../service/api.js';
import { Empty, Loaded, PageBody, Section } from '../ui/parts.js';
import { When } from '../ui/when.js';
import type { TemplateWithHistory } from './api.js';
import { Confusions } from './confusions.js';
import { EditedTemplate } from './editing/edited-template.js';
import { FlagList } from './flag-list.js';
import { History } from './editing/history.js';
import { PeriodSelect } from './list/list-filters.js';
import { listViewOf } from './list/list-view.js';
import { allTemplatesQuery, statisticsQuery, templateQuery } from './queries.js';
import { StateActions } from './editing/state-actions.js';
import { StateBadge } from './state-badge.js';
import { Usage } from './usage.js';
import { useDraft } from './editing/use-draft.js';

/** One template: its text, how it does, and how it came about. */
export function TemplatePage({ id, mayEdit }: { id: string; mayEdit: boolean }) {
  const { t } = useTranslation('templates');
  const template = useQuery(templateQuery(id));
  if (template.error instanceof ApiError && template.error.status === 404) {
    return (
      <PageBody title={<Back />}>
        <Empty title={t('template.notFound', { id })}>{t('template.notFoundDescription')}</Empty>
      </PageBody>
    );
  }
  if (template.data) return <Known template={template.data} mayEdit={mayEdit} />;
  return (
    <PageBody title={<Back />}>
      <Loaded query={template} lines={8}>
        {() => null}
      </Loaded>
    </PageBody>
  );
}

/** To the list as it was. */
const Back = () => {
  const { t } = useTranslation('templates');
  return (
    <Link className="back-link" href={`/${window.location.search}`}>
      {t('template.back')}
    </Link>
  );
};

function Known({ template, mayEdit }: { template: TemplateWithHistory; mayEdit: boolean }) {
  const { t } = useTranslation('templates');
  const [days, setDays] = useState(() => listViewOf(window.location.search).days);
  const statistics = useQuery(statisticsQuery(template.id, days));
  const draft = useDraft(template);
  return (
    <PageBody
      title={
        <>
          <Back />
          {template.title}
        </>
      }
      description={<About template={template} />}
      actions={mayEdit && <StateActions template={template} isUnsaved={draft.isUnsaved} />}
    >
      <EditedTemplate template={template} draft={draft} examples={statistics.data?.examples} mayEdit={mayEdit} />
      <Section title={t('usage.title')} aside={<PeriodSelect days={days} onChange={setDays} />}>
        <Loaded query={statistics} lines={6}>
          {(data) => <Usage statistics={data} />}
        </Loaded>
      </Section>
      <div className="ml-columns">
        <Section title={t('confused.title')} description={t('confused.description')}>
          <Loaded query={statistics}>{(data) => <Confusions pairs={data.confusedWith} />}</Loaded>
        </Section>
        <Section title={t('flags.title')} description={t('flags.description')}>
          <Loaded query={statistics}>{(data) => <FlagList flags={data.flags} />}</Loaded>
        </Section>
      </div>
      <Section title={t('history.title')}>
        <History history={template.history} onRestore={mayEdit ? draft.restore : null} />
      </Section>
    </PageBody>
  );
}

function About({ template }: { template: TemplateWithHistory }) {
  const { t } = useTranslation('templates');
  const all = useQuery(allTemplatesQuery);
  const { id, state, mergedInto, updatedAt } = template;
  const heir = all.data?.find((one) => one.id === mergedInto);
  return (
    <span className="template-about">
      <StateBadge state={state} />
      <span>{t(`stateDescription.${state}`)}</span>
      {mergedInto !== null && (
        <span>
          {t('template.mergedInto')} <Link href={`/t/${mergedInto}`}>{heir?.title ?? mergedInto}</Link>
        </span>
      )}
      <code>{id}</code>
      <span>
        {t('template.revision', { revision: template.revision })} · <When iso={updatedAt} />
      </span>
    </span>
  );
}
