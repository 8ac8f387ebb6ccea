import { Button, Kbd, VisuallyHidden } from '@mantine/core';
import { useId } from 'react';
import type { Reply, Ticket } from './api-types.js';
import { inPercent, inWords } from './likelihood.js';
import { fill, missingIn } from './placeholders.js';

/** One reply as it would be sent, and how likely it is the right one. */
export function ReplyCard({
  reply,
  fields,
  place,
  probability,
  mayUse,
  onUse,
}: {
  reply: Reply;
  fields: Ticket['fields'];
  /** The key that uses it; null for one that the agent has looked up. */
  place: number | null;
  probability: number | null;
  mayUse: boolean;
  onUse: () => void;
}) {
  const titleId = useId();
  const pieces = fill(reply.body, fields);
  const missing = missingIn(pieces);
  return (
    <section className="reply" data-first={place === 1 || undefined} aria-labelledby={titleId}>
      <header>
        <h4 id={titleId}>{reply.title}</h4>
        {probability !== null && (
          <span className="likelihood">
            <span className="bar" aria-hidden="true">
              <span style={{ width: `${probability * 100}%` }} />
            </span>
            <b>{inPercent(probability)}</b> {inWords(probability)}
          </span>
        )}
        <Button
          size="compact-sm"
          variant={place === 1 || place === null ? 'filled' : 'light'}
          disabled={!mayUse}
          onClick={onUse}
          aria-describedby={titleId}
          rightSection={place !== null && <Kbd size="xs">{place}</Kbd>}
        >
          Use
        </Button>
      </header>
      <p className="reply-body">
        {pieces.map((piece, index) =>
          'text' in piece ? (
            piece.text
          ) : (
            <mark key={index} data-missing={piece.value === null || undefined} title={piece.name}>
              {piece.value ?? (
                <>
                  <VisuallyHidden>missing: </VisuallyHidden>
                  {piece.name}
                </>
              )}
            </mark>
          ),
        )}
      </p>
      {missing.length > 0 && (
        <p className="missing">To be filled in by hand, the ticket does not have it: {missing.join(', ')}</p>
      )}
    </section>
  );
}
