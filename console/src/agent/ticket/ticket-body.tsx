import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Ticket, WordWeight } from '../../service/api-types.js';
import { MarkedText } from '../replies/marked-text.js';
import { withoutParts } from './quoted-text.js';

/** The body of a ticket; quotes and signatures, which the model does not read either, unfold on demand. */
export function TicketBody({ ticket, words }: { ticket: Ticket; words: readonly WordWeight[] }) {
  const { t } = useTranslation();
  const [isUnfolded, setUnfolded] = useState(false);
  const { body, quotedParts } = ticket;
  if (quotedParts.length === 0) return <MarkedText text={body} words={words} />;
  const shown = isUnfolded ? { text: body, words } : withoutParts(body, words, quotedParts);
  return (
    <>
      <MarkedText text={shown.text} words={shown.words} />
      <Button
        className="quoted-toggle"
        variant="subtle"
        color="gray"
        size="compact-xs"
        aria-expanded={isUnfolded}
        onClick={() => setUnfolded(!isUnfolded)}
      >
        {t(isUnfolded ? 'ticket.hideQuoted' : 'ticket.showQuoted')}
      </Button>
    </>
  );
}
