import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../ui/format.js';
import type { Revision } from '../api.js';
import { changedFields, isSame, type Fields } from './draft.js';
import { TextDiff } from './text-diff-place.js';

const pageSize = 10;

/** Who changed what, the newest first. */
export function History({
  history,
  onRestore,
}: {
  history: readonly Revision[];
  /** Puts the text of a revision into the form; null without permission to change it */
  onRestore: ((fields: Fields) => void) | null;
}) {
  const { t } = useTranslation('templates');
  const format = useFormat();
  const [count, setCount] = useState(pageSize);
  const [newest] = history;
  return (
    <>
      <ol className="revisions">
        {history.slice(0, count).map((revision, index) => {
          const before = history[index + 1] ?? null;
          return (
            <li key={revision.revision}>
              <header>
                <b>{t('history.revision', { revision: revision.revision })}</b>
                <span>{t('history.by', { name: revision.changedBy, when: format.moment(revision.changedAt) })}</span>
                {onRestore && newest && !isSame(revision, newest) && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    onClick={() => {
                      onRestore(revision);
                      window.document.querySelector('.page')?.scrollTo({ top: 0 });
                    }}
                  >
                    {t('history.restore')}
                  </Button>
                )}
              </header>
              {before ? <Changes from={before} to={revision} /> : <p className="quiet">{t('history.created')}</p>}
            </li>
          );
        })}
      </ol>
      {history.length > count && (
        <Button size="xs" variant="default" onClick={() => setCount(count + pageSize)}>
          {t('history.more')}
        </Button>
      )}
    </>
  );
}

function Changes({ from, to }: { from: Revision; to: Revision }) {
  const { t } = useTranslation('templates');
  const { title, body } = changedFields(from, to);
  const added = to.contactTypes.filter((type) => !from.contactTypes.includes(type));
  const removed = from.contactTypes.filter((type) => !to.contactTypes.includes(type));
  const isMoved = from.state !== to.state || from.mergedInto !== to.mergedInto;
  const isNothing = title === undefined && body === undefined && added.length + removed.length === 0 && !isMoved;
  return (
    <div className="changes">
      {from.mergedInto !== to.mergedInto && (
        <p>
          {to.mergedInto !== null
            ? t('history.merged', { id: to.mergedInto })
            : t('history.unmerged', { id: from.mergedInto })}
        </p>
      )}
      {from.state !== to.state && (
        <p>{t('history.stateChanged', { from: t(`state.${from.state}`), to: t(`state.${to.state}`) })}</p>
      )}
      {title !== undefined && (
        <>
          <h4>{t('history.titleChanged')}</h4>
          <TextDiff from={from.title} to={title} />
        </>
      )}
      {body !== undefined && (
        <>
          <h4>{t('history.bodyChanged')}</h4>
          <TextDiff from={from.body} to={body} />
        </>
      )}
      {added.length > 0 && <p>{t('history.typesAdded', { names: added.join(', ') })}</p>}
      {removed.length > 0 && <p>{t('history.typesRemoved', { names: removed.join(', ') })}</p>}
      {isNothing && <p>{t('history.noChanges')}</p>}
    </div>
  );
}
