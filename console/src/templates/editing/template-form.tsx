import { Button, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../ui/format.js';
import type { Fields } from './draft.js';
import { allTemplatesQuery, placeholdersQuery } from '../queries.js';

const maxChips = 6;

/** What a template says and is for. */
export function TemplateForm({
  fields,
  onChange,
  isReadOnly,
  isNew = false,
}: {
  fields: Fields;
  onChange: (part: Partial<Fields>) => void;
  isReadOnly: boolean;
  /** Nothing is wrong yet with what is empty. */
  isNew?: boolean;
}) {
  const { t } = useTranslation('templates');
  const area = useRef<HTMLTextAreaElement>(null);
  const all = useQuery(allTemplatesQuery);
  const types = useMemo(
    () => [...new Set(all.data?.flatMap(({ contactTypes }) => contactTypes))].toSorted((a, b) => a.localeCompare(b)),
    [all.data],
  );
  const insert = (name: string): void => {
    const { selectionStart = fields.body.length, selectionEnd = selectionStart } = area.current ?? {};
    const text = `{{${name}}}`;
    onChange({ body: fields.body.slice(0, selectionStart) + text + fields.body.slice(selectionEnd) });
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(selectionStart + text.length, selectionStart + text.length);
    });
  };
  const required = (text: string): string | null => (text.trim() === '' && !isNew ? t('editor.required') : null);
  return (
    <div className="template-form">
      <TextInput
        label={t('editor.title')}
        description={t('editor.titleDescription')}
        maxLength={200}
        value={fields.title}
        readOnly={isReadOnly}
        error={required(fields.title)}
        onChange={({ currentTarget: { value } }) => onChange({ title: value })}
      />
      <div>
        <Textarea
          ref={area}
          label={t('editor.body')}
          autosize
          minRows={5}
          maxRows={22}
          maxLength={20_000}
          value={fields.body}
          readOnly={isReadOnly}
          error={required(fields.body)}
          onChange={({ currentTarget: { value } }) => onChange({ body: value })}
        />
        {!isReadOnly && <Insert onInsert={insert} />}
      </div>
      <TagsInput
        label={t('editor.contactTypes')}
        description={isReadOnly ? null : t('editor.contactTypesDescription')}
        value={fields.contactTypes}
        readOnly={isReadOnly}
        data={types}
        limit={30}
        maxTags={100}
        comboboxProps={{ withinPortal: false }}
        onChange={(contactTypes) => onChange({ contactTypes })}
      />
    </div>
  );
}

/** The fields that tickets have, the most usual first; a click writes one where the cursor stands. */
function Insert({ onInsert }: { onInsert: (name: string) => void }) {
  const { t } = useTranslation('templates');
  const format = useFormat();
  const [all, setAll] = useState(false);
  const { data } = useQuery(placeholdersQuery);
  if (!data || data.items.length === 0) return null;
  return (
    <div className="insert">
      <span>{t('editor.insert')}</span>
      {data.items.slice(0, all ? undefined : maxChips).map(({ name, tickets }) => (
        <Button
          key={name}
          size="compact-xs"
          variant="default"
          aria-label={t('editor.insertLabel', { name })}
          title={t('editor.insertTitle', { share: format.share(tickets / data.tickets, 0) })}
          onClick={() => onInsert(name)}
        >
          {name}
        </Button>
      ))}
      {data.items.length > maxChips && (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setAll(!all)}>
          {t(all ? 'editor.less' : 'editor.more')}
        </Button>
      )}
    </div>
  );
}
