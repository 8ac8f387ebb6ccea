import { Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Confirm } from '../../ui/confirm.js';
import * as api from '../api.js';
import { allTemplatesQuery } from '../queries.js';

const actions = {
  draft: ['retire', 'activate'],
  allowed: ['retire', 'block'],
  blocked: ['retire', 'activate'],
  retired: ['activate'],
} as const;
const states = { activate: 'allowed', block: 'blocked', retire: 'retired' } as const;

/** What may become of a template; each says what it will do and asks once. */
export function StateActions({ template, isUnsaved }: { template: api.Template; isUnsaved: boolean }) {
  const { t } = useTranslation('templates');
  const { id, title, state, mergedInto, revision } = template;
  if (isUnsaved) {
    return (
      <Text size="xs" c="dimmed">
        {t('action.saveFirst')}
      </Text>
    );
  }
  if (mergedInto !== null) {
    return (
      <Confirm
        label={t('action.unmerge')}
        description={t('action.unmergeDescription', { title })}
        run={() => api.change(id, { mergedInto: null, state: 'allowed', revision })}
      />
    );
  }
  return (
    <>
      <Merge template={template} />
      {actions[state].map((name) => (
        <Confirm
          key={name}
          label={t(`action.${name}`)}
          description={t(`action.${name}Description`, { title })}
          run={() => api.change(id, { state: states[name], revision })}
          {...(name === 'block' && { color: 'red', variant: 'light' })}
          {...(name === 'activate' && { variant: 'filled' })}
        />
      ))}
    </>
  );
}

const maxFound = 30;

function Merge({ template: { id, title, revision } }: { template: api.Template }) {
  const { t } = useTranslation('templates');
  const all = useQuery(allTemplatesQuery);
  const [into, setInto] = useState<string | null>(null);
  const others = (all.data ?? []).filter((one) => one.id !== id && one.state === 'allowed');
  return (
    <Confirm
      label={t('action.merge')}
      description={t('action.mergeDescription', { title })}
      isReady={into !== null}
      run={() => api.change(id, { mergedInto: into, revision })}
    >
      <Select
        label={t('action.mergeInto')}
        placeholder={t('action.mergePlaceholder')}
        nothingFoundMessage={t('action.mergeNoMatches')}
        searchable
        limit={maxFound}
        value={into}
        onChange={setInto}
        data={others.map((one) => ({ value: one.id, label: one.title }))}
        comboboxProps={{ withinPortal: false }}
      />
    </Confirm>
  );
}
