import { Alert, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useKeys } from '../../ui/keyboard.js';
import { Empty, Loaded, PageBody } from '../../ui/parts.js';
import * as api from '../api.js';
import { BlockedNotice, useBlocking } from '../editing/blocking.js';
import { ListFilters, searchFieldId } from './list-filters.js';
import { ListTable } from './list-table.js';
import { searchOf, type ListView } from './list-view.js';
import { allTemplatesQuery, figuresQuery } from '../queries.js';
import { rowsToShow, searchIn, type Row } from './rows.js';
import { useListView } from './use-list-view.js';

/** All templates, with how they do. */
export function ListPage({ mayEdit }: { mayEdit: boolean }) {
  const { t } = useTranslation('templates');
  const [view, change] = useListView();
  const templates = useQuery(allTemplatesQuery);
  const figures = useQuery(figuresQuery(view.days));
  const blocking = useBlocking();
  useKeys({ '/': { act: () => document.getElementById(searchFieldId)?.focus() } });

  const rows = useMemo((): Row[] => {
    const byId = new Map(figures.data?.items.map((one) => [one.templateId, one]));
    return (templates.data ?? []).map((template) => ({ template, figures: byId.get(template.id) ?? null }));
  }, [templates.data, figures.data]);
  const find = useMemo(() => searchIn(templates.data ?? []), [templates.data]);
  const words = useDeferredValue(view.words.trim());
  const shown = useMemo(() => rowsToShow(rows, view, words === '' ? null : find(words)), [rows, view, words, find]);
  const allowed = rows.filter(({ template }) => template.state === 'allowed').length;
  const titles = useMemo(() => new Map(templates.data?.map(({ id, title }) => [id, title])), [templates.data]);
  const list = (): ReactNode =>
    shown.length === 0 ? (
      <Nothing isEmpty={rows.length === 0} view={view} />
    ) : (
      <ListTable
        rows={shown}
        view={view}
        titles={titles}
        search={searchOf(view)}
        onSort={(sort) => change({ sort })}
        onBlock={mayEdit ? blocking.block : null}
      />
    );
  return (
    <PageBody
      title={t('title')}
      description={templates.data && t('description', { count: rows.length, allowed })}
      actions={
        <>
          <Button component="a" href={api.exportPath} download="templates.jsonl" variant="default" size="xs">
            {t('list.export')}
          </Button>
          {mayEdit && (
            <>
              <Button component={Link} href="/import" variant="default" size="xs">
                {t('list.import')}
              </Button>
              <Button component={Link} href="/new" size="xs">
                {t('list.new')}
              </Button>
            </>
          )}
        </>
      }
    >
      <section className="ml-section template-list">
        <ListFilters view={view} rows={rows} isCounted={figures.data !== undefined} onChange={change} />
        {figures.isError && view.selection === 'all' && (
          <Alert color="red" role="alert">
            {t('list.statisticsError', { why: figures.error.message })}
          </Alert>
        )}
        <BlockedNotice blocking={blocking} />
        <Loaded query={templates} lines={10}>
          {/* Which ones those are that it is about, only their figures say. */}
          {() => (view.selection === 'all' ? list() : <Loaded query={figures}>{list}</Loaded>)}
        </Loaded>
      </section>
    </PageBody>
  );
}

function Nothing({ isEmpty, view }: { isEmpty: boolean; view: ListView }) {
  const { t } = useTranslation('templates');
  if (isEmpty) return <Empty title={t('list.none')}>{t('list.noneDescription')}</Empty>;
  if (view.words === '' && view.state === null) {
    if (view.selection === 'flagged')
      return <Empty title={t('list.noneFlagged')}>{t('list.noneFlaggedDescription')}</Empty>;
    if (view.selection === 'confused')
      return <Empty title={t('list.noneConfused')}>{t('list.noneConfusedDescription')}</Empty>;
    if (view.selection === 'unused') return <Empty title={t('list.noneUnused')} />;
  }
  return <Empty title={t('list.noMatches')}>{t('list.noMatchesDescription')}</Empty>;
}
