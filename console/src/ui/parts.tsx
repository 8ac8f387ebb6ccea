/** What the pages are put together from. */
import './ml.css';
import { Alert, Button, Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { TermInfo } from './glossary/term-info.js';
import type { GlossaryTerm } from './glossary/terms.js';

export function PageBody({
  title,
  description,
  actions,
  children,
}: {
  title: ReactNode;
  /** One sentence under the title */
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <main className="ml">
      <header className="ml-head">
        <div>
          <h2>{title}</h2>
          {description && <p>{description}</p>}
        </div>
        {actions && <div className="ml-actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}

export function Section({
  title,
  term,
  description,
  aside,
  children,
}: {
  title: string;
  /** What the figures of the section are, in the glossary */
  term?: GlossaryTerm;
  description?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="ml-section">
      <header>
        <div className="ml-title">
          <h3>{title}</h3>
          {term && <TermInfo term={term} name={title} />}
        </div>
        {aside}
      </header>
      {description && <p className="description">{description}</p>}
      {children}
    </section>
  );
}

/** Nothing is there yet: why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="ml-empty">
      <b>{title}</b>
      {children && <p>{children}</p>}
    </div>
  );
}

/** What a query answers, while it is asked, and when it fails. */
export function Loaded<T>({
  query,
  children,
  lines = 3,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
  lines?: number;
}) {
  const { t } = useTranslation();
  if (query.data !== undefined) return children(query.data);
  if (query.isError) {
    return (
      <Alert color="red" role="alert" title={t('app.unavailable')}>
        <p>{query.error.message}</p>
        <Button size="compact-sm" color="red" loading={query.isFetching} onClick={() => void query.refetch()}>
          {t('app.retry')}
        </Button>
      </Alert>
    );
  }
  return (
    <div className="ml-loading" role="status" aria-label={t('app.loading')}>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={22} />
      ))}
    </div>
  );
}

/** A table that scrolls sideways by itself, by keyboard too. */
export function Table({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="ml-table" role="region" aria-label={label} tabIndex={0}>
      <table>{children}</table>
    </div>
  );
}

/** A state in one word; its colour says no more than the word. */
export function State({ kind, children }: { kind: 'good' | 'warn' | 'bad' | 'busy' | 'quiet'; children: ReactNode }) {
  return (
    <span className="state" data-kind={kind}>
      {children}
    </span>
  );
}

/** A header cell of a column of figures. */
export function FigureHead({ name, term }: { name: string; term: GlossaryTerm }) {
  return (
    <th data-number>
      {name} <TermInfo term={term} name={name} />
    </th>
  );
}

/** One of the facts in a grid of them, a `dl` of class facts-grid. */
export function Fact({ name, term, children }: { name: string; term?: GlossaryTerm; children: ReactNode }) {
  return (
    <div>
      <dt>
        {name}
        {term && <TermInfo term={term} name={name} />}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
