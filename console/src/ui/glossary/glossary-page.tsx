import './glossary.css';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Loaded, PageBody, Section } from '../parts.js';
import { EntryText } from './entry-text.js';
import { glossaryQuery } from './query.js';

/** All entries, each at its anchor. */
export default function GlossaryPage() {
  const { t, i18n } = useTranslation();
  const glossary = useQuery(glossaryQuery(i18n.language));
  useEffect(() => {
    if (glossary.data) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }, [glossary.data]);
  return (
    <PageBody title={t('glossary.title')}>
      <Loaded query={glossary} lines={8}>
        {(groups) =>
          groups.map(({ title, entries }) => (
            <Section key={title} title={title}>
              {entries.map(({ id, term, blocks }) => (
                <article key={id} id={id} className="glossary-entry">
                  <h4>
                    <a href={`#${id}`}>{term}</a>
                  </h4>
                  <EntryText blocks={blocks} />
                </article>
              ))}
            </Section>
          ))
        }
      </Loaded>
    </PageBody>
  );
}
