import './glossary.css';
import { Popover, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EntryText } from './entry-text.js';
import { glossaryQuery } from './query.js';
import type { GlossaryTerm } from './terms.js';

/**
 * A button next to a figure that shows its glossary entry.
 *
 * @param name what the page calls the figure
 */
export function TermInfo({ term, name }: { term: GlossaryTerm; name: string }) {
  const { t, i18n } = useTranslation();
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ ...glossaryQuery(i18n.language), enabled: opened });
  const entry = data?.flatMap(({ entries }) => entries).find(({ id }) => id === term);
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      width={340}
      position="bottom"
      shadow="md"
      withArrow
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <UnstyledButton
          className="term-info"
          aria-label={t('glossary.define', { name })}
          onClick={() => setOpened(!opened)}
        >
          <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
            <circle cx="8" cy="8" r="6.75" />
            <path d="M8 7.25v4M8 4.75v.01" />
          </svg>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className="term-definition" aria-label={entry?.term ?? name}>
        {entry ? (
          <>
            <b>{entry.term}</b>
            <EntryText blocks={entry.blocks} />
          </>
        ) : (
          <p>{t('app.loading')}</p>
        )}
        <a href={`/glossary#${term}`} target="_blank" rel="noreferrer">
          {t('glossary.title')}
        </a>
      </Popover.Dropdown>
    </Popover>
  );
}
