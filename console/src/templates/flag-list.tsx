import { Badge, Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../ui/parts.js';
import { useFormat } from '../ui/format.js';
import type { Statistics } from './api.js';

const fewest = 6;

/** What agents found wrong, the newest first. */
export function FlagList({ flags }: { flags: Statistics['flags'] }) {
  const { t } = useTranslation('templates');
  const format = useFormat();
  const [all, setAll] = useState(false);
  if (flags.length === 0) return <Empty title={t('flags.none')} />;
  return (
    <>
      <ul className="flag-list">
        {flags
          .slice(0, all ? undefined : fewest)
          .map(({ reason, note, agent, at, isCurrent, source, ticketId, subject, preview }) => (
            <li key={`${source}:${ticketId}:${at}`} data-answered={!isCurrent || undefined}>
              <p>
                <Badge
                  size="sm"
                  radius="sm"
                  variant="light"
                  color={!isCurrent ? 'gray' : reason === 'sensitive' ? 'red' : 'orange'}
                >
                  {t(`reason.${reason}`)}
                </Badge>
                <span>{t('flags.by', { agent, when: format.moment(at) })}</span>
                {!isCurrent && <span>{t('flags.resolved')}</span>}
              </p>
              {note !== null && <p className="flag-note">{note}</p>}
              <blockquote className="example-ticket">
                {subject && <b>{subject} </b>}
                {preview}
              </blockquote>
            </li>
          ))}
      </ul>
      {!all && flags.length > fewest && (
        <Button size="compact-sm" variant="default" mt="sm" onClick={() => setAll(true)}>
          {t('flags.more', { count: flags.length - fewest })}
        </Button>
      )}
    </>
  );
}
