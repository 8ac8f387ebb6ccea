import { Alert, Button, Group, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { PageBody } from '../../ui/parts.js';
import * as api from '../api.js';
import type { Fields } from './draft.js';
import { LeaveGuard } from './leave-guard.js';
import { Preview } from './preview.js';
import { TemplateForm } from './template-form.js';

const nothing: Fields = { title: '', body: '', contactTypes: [] };
const validId = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const noExamples: api.Statistics['examples'] = [];

/** Writes a template. Its id follows the title until it is written by hand. */
export function NewPage() {
  const { t } = useTranslation('templates');
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [fields, setFields] = useState(nothing);
  const [ownId, setOwnId] = useState<string | null>(null);
  const id = ownId ?? idOfTitle(fields.title);
  const isFilled = fields.title.trim() !== '' && fields.body.trim() !== '' && validId.test(id);
  const create = useMutation({
    mutationFn: (state: 'draft' | 'allowed') => api.create({ id, ...fields, state }),
    onSuccess: async () => {
      await client.invalidateQueries();
      navigate(`/t/${id}`);
    },
  });
  const isUnsaved = !create.isSuccess && (fields.title !== '' || fields.body !== '');
  return (
    <PageBody
      title={
        <>
          <Link className="back-link" href="/">
            {t('template.back')}
          </Link>
          {t('create.title')}
        </>
      }
      description={t('create.description')}
    >
      <div className="template-editor">
        <form
          className="ml-section"
          aria-label={t('create.title')}
          onSubmit={(event) => {
            event.preventDefault();
            if (isFilled) create.mutate('draft');
          }}
        >
          <TemplateForm
            fields={fields}
            onChange={(part) => setFields({ ...fields, ...part })}
            isReadOnly={false}
            isNew
          />
          <TextInput
            label={t('create.id')}
            description={t('create.idDescription')}
            value={id}
            error={id !== '' && !validId.test(id) && t('create.idInvalid')}
            onChange={({ currentTarget: { value } }) => setOwnId(value)}
          />
          <Group gap="xs" className="editor-foot">
            <Button type="submit" variant="default" size="sm" disabled={!isFilled} loading={create.isPending}>
              {t('create.saveDraft')}
            </Button>
            <Button size="sm" disabled={!isFilled} loading={create.isPending} onClick={() => create.mutate('allowed')}>
              {t('create.createActive')}
            </Button>
          </Group>
          {create.error && (
            <Alert color="red" role="alert">
              {create.error.message}
            </Alert>
          )}
        </form>
        <Preview title={fields.title} body={fields.body} examples={noExamples} onReplace={null} />
      </div>
      <LeaveGuard isUnsaved={isUnsaved} onDiscard={() => undefined} />
    </PageBody>
  );
}

/** `Größe ändern` is `grosse-andern`. */
const idOfTitle = (title: string): string =>
  title
    .normalize('NFKD')
    .replaceAll('ß', 'ss')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
