import { Button, NativeSelect, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fill, missingIn, type Piece } from './placeholders.js';
import { ticketQuery } from '../../service/queries.js';
import { idOf } from '../../service/ticket-path.js';
import type { Statistics } from '../api.js';
import { placeholderProblems, type PlaceholderProblems } from './placeholder-check.js';
import { newestTicketsQuery, placeholdersQuery } from '../queries.js';

/** Characters of a ticket without a subject that a list of them shows */
const labelLength = 60;

type Example = Pick<Statistics['examples'][number], 'source' | 'ticketId' | 'subject' | 'preview'>;

/** A reply as an agent would see it on a real ticket, and what is wrong with its placeholders. */
export function Preview({
  title,
  body,
  examples,
  onReplace,
}: {
  title: string;
  body: string;
  /** Tickets that it has answered; without any the newest tickets are taken */
  examples: readonly Example[] | undefined;
  onReplace: ((from: string, to: string) => void) | null;
}) {
  const { t } = useTranslation('templates');
  const newest = useQuery({ ...newestTicketsQuery, enabled: examples?.length === 0 });
  const placeholders = useQuery(placeholdersQuery);
  const choices: readonly Example[] = examples && examples.length > 0 ? examples : (newest.data ?? []);
  /** null: the first; empty: no ticket */
  const [chosen, setChosen] = useState<string | null>(null);
  const example = chosen === null ? choices[0] : choices.find((one) => idOf(one) === chosen);
  const ticket = useQuery({ ...ticketQuery(example ?? { source: '', ticketId: '' }), enabled: example !== undefined });
  const fields = (example && ticket.data?.fields) ?? {};
  const known = placeholders.data?.items.map(({ name }) => name) ?? null;
  const problems = placeholderProblems(body, known);
  const pieces = fill(body, fields);
  const unknown = new Set(problems.unknown.map(({ name }) => name));
  const lacking = missingIn(pieces).filter((name) => !unknown.has(name));
  return (
    <section className="ml-section template-preview" aria-labelledby="preview-title">
      <header>
        <h3 id="preview-title">{t('preview.title')}</h3>
        <NativeSelect
          size="xs"
          aria-label={t('preview.example')}
          value={example ? idOf(example) : ''}
          onChange={({ currentTarget: { value } }) => setChosen(value)}
          data={[
            ...choices.map((one) => ({
              value: idOf(one),
              label: one.subject || one.preview.slice(0, labelLength) || one.ticketId,
            })),
            { value: '', label: t('preview.none') },
          ]}
        />
      </header>
      {example && <blockquote className="example-ticket">{example.preview || example.subject}</blockquote>}
      <div className="reply preview-reply" data-testid="preview">
        {title && <h4>{title}</h4>}
        {body === '' && <p className="reply-body quiet">{t('preview.empty')}</p>}
        <p className="reply-body">
          {pieces.map((piece, index) => (
            <PieceOf key={index} piece={piece} unknown={unknown} />
          ))}
        </p>
      </div>
      {example && lacking.length > 0 && (
        <p className="missing">{t('preview.missingFields', { names: lacking.join(', ') })}</p>
      )}
      <Problems
        problems={problems}
        isFine={known !== null && pieces.some((piece) => 'name' in piece)}
        onReplace={onReplace}
      />
    </section>
  );
}

function PieceOf({ piece, unknown }: { piece: Piece; unknown: ReadonlySet<string> }) {
  const { t } = useTranslation('templates');
  if ('text' in piece) return piece.text;
  const isUnknown = unknown.has(piece.name);
  return (
    <mark
      data-missing={(piece.value === null && !isUnknown) || undefined}
      data-unknown={isUnknown || undefined}
      title={piece.name}
    >
      {piece.value ?? (
        <>
          <VisuallyHidden>{t(isUnknown ? 'preview.unknown' : 'preview.missing')} </VisuallyHidden>
          {piece.name}
        </>
      )}
    </mark>
  );
}

function Problems({
  problems: { unknown, broken },
  isFine,
  onReplace,
}: {
  problems: PlaceholderProblems;
  /** There are placeholders, and the fields of tickets are known */
  isFine: boolean;
  onReplace: ((from: string, to: string) => void) | null;
}) {
  const { t } = useTranslation('templates');
  return (
    <div role="status">
      <ul className="placeholder-problems">
        {unknown.map(({ name, meant }) => (
          <li key={name} data-problem>
            {t('problems.unknown', { name })}{' '}
            {meant !== null && (
              <>
                {t('problems.suggestion', { name: meant })}{' '}
                {onReplace && (
                  <Button size="compact-xs" variant="default" onClick={() => onReplace(name, meant)}>
                    {t('problems.replace')}
                  </Button>
                )}
              </>
            )}
          </li>
        ))}
        {broken.map((text) => (
          <li key={text} data-problem>
            {t('problems.invalid', { text })}
          </li>
        ))}
        {isFine && unknown.length + broken.length === 0 && <li>{t('problems.valid')}</li>}
      </ul>
    </div>
  );
}
