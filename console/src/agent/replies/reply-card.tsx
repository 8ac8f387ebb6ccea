import { Button, Kbd, VisuallyHidden } from '@mantine/core';
import { useId, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Reply, Ticket } from '../../service/api-types.js';
import { likelihood, wordOf } from './likelihood.js';
import { fill, missingIn } from '../../templates/editing/placeholders.js';

/** One reply as it would be sent, and how likely it is the right one. */
export function ReplyCard({
  reply,
  fields,
  place,
  probability,
  isTaken,
  mayUse,
  insertsReply,
  editor,
  menu,
  onTake,
  onUse,
  onEdit,
}: {
  reply: Reply;
  fields: Ticket['fields'];
  /** The key that takes it; null for one that the agent has looked up */
  place: number | null;
  probability: number | null;
  isTaken: boolean;
  mayUse: boolean;
  insertsReply: boolean;
  /** Stands in place of the text while it is edited */
  editor: ReactNode;
  /** What else can be done with it */
  menu: ReactNode;
  onTake: () => void;
  onUse: () => void;
  onEdit: () => void;
}) {
  const { t } = useTranslation();
  const titleId = useId();
  const pieces = fill(reply.body, fields);
  const missing = missingIn(pieces);
  return (
    <section className="reply" data-taken={isTaken || undefined} aria-labelledby={titleId}>
      <header>
        <h4 id={titleId}>{reply.title}</h4>
        {probability !== null && (
          <span className="likelihood">
            <span className="bar" aria-hidden="true">
              <span style={{ width: `${probability * 100}%` }} />
            </span>
            <b>{likelihood(t, probability)}</b> {t(`likelihood.${wordOf(probability)}`)}
          </span>
        )}
        {!editor && (
          <Button.Group>
            {isTaken && (
              <Button
                size="compact-sm"
                variant="light"
                disabled={!mayUse}
                onClick={onEdit}
                aria-describedby={titleId}
                rightSection={<Kbd size="xs">E</Kbd>}
              >
                {t('replies.edit')}
              </Button>
            )}
            <Button
              size="compact-sm"
              variant={isTaken ? 'filled' : 'light'}
              disabled={!mayUse}
              onClick={isTaken ? onUse : onTake}
              aria-describedby={titleId}
              rightSection={isTaken ? <Kbd size="xs">Enter</Kbd> : place !== null && <Kbd size="xs">{place}</Kbd>}
            >
              {t(isTaken ? (insertsReply ? 'replies.insert' : 'replies.copy') : 'replies.select')}
            </Button>
          </Button.Group>
        )}
        {menu}
      </header>
      {editor ?? (
        <>
          <p className="reply-body">
            {pieces.map((piece, index) =>
              'text' in piece ? (
                piece.text
              ) : (
                <mark key={index} data-missing={piece.value === null || undefined} title={piece.name}>
                  {piece.value ?? (
                    <>
                      <VisuallyHidden>{t('replies.missing')} </VisuallyHidden>
                      {piece.name}
                    </>
                  )}
                </mark>
              ),
            )}
          </p>
          {missing.length > 0 && <p className="missing">{t('replies.missingFields', { names: missing.join(', ') })}</p>}
        </>
      )}
      {isTaken && <VisuallyHidden role="status">{t('replies.selected')}</VisuallyHidden>}
    </section>
  );
}
