import { Badge, Button, UnstyledButton } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { TermInfo } from '../../ui/glossary/term-info.js';
import type { GlossaryTerm } from '../../ui/glossary/terms.js';
import { useFormat } from '../../ui/format.js';
import type { FlagReason } from '../../service/api-types.js';
import { When } from '../../ui/when.js';
import type { Figures, Template } from '../api.js';
import type { ListView, SortName } from './list-view.js';
import type { Row } from './rows.js';
import { StateBadge } from '../state-badge.js';

/** px; each row is measured once it is there */
const usualRowHeight = 53;

type Sort = ListView['sort'];

/** The rows that are seen, and as much room as the others need. */
export function ListTable({
  rows,
  view,
  titles,
  search,
  onSort,
  onBlock,
}: {
  rows: Row[];
  view: ListView;
  /** By id, of all templates */
  titles: ReadonlyMap<string, string>;
  /** Goes along to a template and back */
  search: string;
  onSort: (sort: Sort) => void;
  /** null without permission */
  onBlock: ((template: Template) => void) | null;
}) {
  const { t } = useTranslation('templates');
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- what it returns is used here and nowhere else
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => usualRowHeight,
    getItemKey: (index) => rows[index]?.template.id ?? index,
    overscan: 10,
  });
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [view]);
  const seen = list.getVirtualItems();
  const above = seen[0]?.start ?? 0;
  const below = list.getTotalSize() - (seen.at(-1)?.end ?? 0);
  const isConfused = view.selection === 'confused';
  const blocks = view.selection === 'flagged' && onBlock !== null;
  const columns = blocks ? 8 : 7;
  const head = { sort: view.sort, onSort };
  return (
    <div ref={scroller} className="template-table" role="region" aria-label={t('list.label')} tabIndex={0}>
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <Head name="title" {...head} />
            <th data-column="state">{t('list.column.state')}</th>
            <Head name="shown" {...head} isNumber />
            <Head name="acceptance" {...head} isNumber />
            <Head name="used" {...head} isNumber />
            {isConfused ? (
              <th data-column="instead">
                {t('list.column.usedInstead')}
                <TermInfo term="confusions" name={t('list.column.usedInstead')} />
              </th>
            ) : (
              <Head name="flags" {...head} />
            )}
            <Head name="lastUsed" {...head} />
            {blocks && (
              <th data-column="block">
                <span className="unseen">{t('list.block')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          <Room height={above} columns={columns} />
          {seen.map(({ index, key }) => {
            const row = rows[index];
            if (!row) return null;
            const { template, figures } = row;
            return (
              <tr key={key} ref={list.measureElement} data-index={index} aria-rowindex={index + 2}>
                <td data-column="title">
                  <Link href={`/t/${template.id}${search}`}>{template.title}</Link>
                  <small>
                    {template.mergedInto === null
                      ? template.body
                      : t('list.merged', { title: titles.get(template.mergedInto) ?? template.mergedInto })}
                  </small>
                </td>
                <td>
                  <StateBadge state={template.state} />
                </td>
                <td data-number>{figures && <Count value={figures.shown} />}</td>
                <td data-number>{figures && <Acceptance acceptance={figures.acceptance} />}</td>
                <td data-number>{figures && <Count value={figures.used} />}</td>
                <td data-column={isConfused ? 'instead' : 'flags'}>
                  {figures &&
                    (isConfused ? (
                      <Instead figures={figures} titles={titles} search={search} />
                    ) : (
                      <Flags figures={figures} />
                    ))}
                </td>
                <td data-fixed>
                  {figures &&
                    (figures.lastUsedAt ? <When iso={figures.lastUsedAt} /> : <Quiet>{t('list.never')}</Quiet>)}
                </td>
                {blocks && (
                  <td>
                    <Button
                      size="compact-sm"
                      color="red"
                      variant="light"
                      aria-label={t('list.blockLabel', { title: template.title })}
                      onClick={() => onBlock(template)}
                    >
                      {t('list.block')}
                    </Button>
                  </td>
                )}
              </tr>
            );
          })}
          <Room height={below} columns={columns} />
        </tbody>
      </table>
    </div>
  );
}

const columnTerms: Partial<Record<SortName, GlossaryTerm>> = {
  shown: 'shown',
  acceptance: 'acceptance-rate-at-rank-1',
  used: 'used',
  flags: 'flags',
};

function Head({
  name,
  sort,
  onSort,
  isNumber = false,
}: {
  name: SortName;
  sort: Sort;
  onSort: (sort: Sort) => void;
  isNumber?: boolean;
}) {
  const { t } = useTranslation('templates');
  const own = sort?.by === name ? sort : null;
  // Words begin at A, figures with the most.
  const first = name !== 'title';
  const term = columnTerms[name];
  const next = own === null ? { by: name, down: first } : own.down === first ? { by: name, down: !first } : null;
  const order = own && (own.down ? 'descending' : 'ascending');
  return (
    <th data-column={name} data-number={isNumber || undefined} aria-sort={order ?? 'none'}>
      <UnstyledButton className="sort" data-order={order ?? undefined} onClick={() => onSort(next)}>
        {t(`list.column.${name}`)}
      </UnstyledButton>
      {term && <TermInfo term={term} name={t(`list.column.${name}`)} />}
    </th>
  );
}

/** Stands for rows that are not drawn. */
const Room = ({ height, columns }: { height: number; columns: number }) =>
  height > 0 && (
    <tr aria-hidden="true" className="room">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );

const Quiet = ({ children }: { children: ReactNode }) => <span className="quiet">{children}</span>;

function Count({ value }: { value: number }) {
  const format = useFormat();
  return value === 0 ? <Quiet>0</Quiet> : <>{format.number(value)}</>;
}

export function Acceptance({ acceptance }: Pick<Figures, 'acceptance'>) {
  const { t } = useTranslation('templates');
  const format = useFormat();
  if (!acceptance) return <Quiet>–</Quiet>;
  const { value, low, high, of } = acceptance;
  return (
    <span
      className="acceptance"
      title={t('list.interval', { low: format.share(low, 0), high: format.share(high, 0), count: of })}
    >
      <span className="acceptance-figure">
        <b>{format.share(value, 0)}</b> <small>{t('list.of', { count: of })}</small>
      </span>
      <span className="acceptance-bar" aria-hidden="true">
        <span className="acceptance-value" style={{ width: `${100 * value}%` }} />
        <span className="acceptance-range" style={{ left: `${100 * low}%`, width: `${100 * (high - low)}%` }} />
      </span>
    </span>
  );
}

function Flags({ figures }: { figures: Figures }) {
  const { t } = useTranslation('templates');
  if (figures.flags === 0) return <Quiet>–</Quiet>;
  const reasons = (Object.entries(figures.reasons) as [FlagReason, number][]).toSorted(([, a], [, b]) => b - a);
  return (
    <span className="flag-reasons">
      <Badge size="sm" radius="sm" variant="light" color={figures.reasons.sensitive ? 'red' : 'orange'}>
        {figures.flags}
      </Badge>
      <small>
        {reasons
          .map(([reason, count]) => `${t(`reason.${reason}`)}${count > 1 ? ` ${t('list.times', { count })}` : ''}`)
          .join(', ')}
      </small>
    </span>
  );
}

function Instead({
  figures,
  titles,
  search,
}: {
  figures: Figures;
  titles: ReadonlyMap<string, string>;
  search: string;
}) {
  const { t } = useTranslation('templates');
  if (!figures.topAlternative) return <Quiet>–</Quiet>;
  const { templateId, times } = figures.topAlternative;
  return (
    <>
      <Link href={`/t/${templateId}${search}`}>{titles.get(templateId) ?? templateId}</Link>
      <small>{t('list.timesOf', { count: times, of: figures.overridden })}</small>
    </>
  );
}
