import { Alert, TextInput, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Reply } from '../../service/api-types.js';
import { templatesQuery } from '../../service/queries.js';
import { templateSearch } from './template-search.js';

/** Where the key / leads */
export const searchFieldId = 'search-replies';

/** All replies of the team, by words of their title and text. */
export function OtherTemplate({
  ranked,
  onTake,
}: {
  /** Template ids as the model ranks them; empty where it abstained */
  ranked: readonly string[];
  onTake: (reply: Reply) => void;
}) {
  const { t } = useTranslation();
  const [words, setWords] = useState('');
  const [isOpen, setOpen] = useState(false);
  const [marked, setMarked] = useState(0);
  const templates = useQuery({ ...templatesQuery, enabled: isOpen });
  const search = useMemo(() => templates.data && templateSearch(templates.data, ranked), [templates.data, ranked]);
  const found = isOpen ? (search?.find(words) ?? []) : [];

  const close = (): void => {
    setOpen(false);
    setWords('');
    setMarked(0);
    document.getElementById(searchFieldId)?.blur();
  };
  const take = (index: number): void => {
    const template = found[index];
    if (!template) return;
    onTake({ templateId: template.id, title: template.title, body: template.body });
    close();
  };
  const moves: Record<string, () => void> = {
    ArrowDown: () => setMarked((at) => Math.min(at + 1, found.length - 1)),
    ArrowUp: () => setMarked((at) => Math.max(at - 1, 0)),
    Enter: () => take(marked),
    Escape: close,
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  return (
    <div className="other">
      <TextInput
        id={searchFieldId}
        type="search"
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls="found-replies"
        aria-activedescendant={found[marked] && `found-${marked}`}
        label={t('search.label')}
        placeholder={t('search.placeholder')}
        value={words}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onChange={({ currentTarget: { value } }) => {
          setWords(value);
          setMarked(0);
        }}
        onKeyDown={onKeyDown}
      />
      {templates.isError && <Alert color="red">{t('search.loadError', { why: templates.error.message })}</Alert>}
      <ul id="found-replies" role="listbox" aria-label={t('search.results')} className="found">
        {found.map((template, index) => (
          <li key={template.id} id={`found-${index}`} role="option" aria-selected={index === marked}>
            <UnstyledButton
              tabIndex={-1}
              // The click would come after the field has lost the focus and closed the list.
              onMouseDown={(event) => {
                event.preventDefault();
                take(index);
              }}
            >
              <b>{template.title}</b>
              <span>{template.body}</span>
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {search && isOpen && found.length === 0 && <p className="nothing-found">{t('search.noResults')}</p>}
    </div>
  );
}
