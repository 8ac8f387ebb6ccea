import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { TicketFilters } from '../../service/api-types.js';
import { ticketFiltersQuery } from '../../service/queries.js';
import { filterNames, type FilterName, type QueueView } from '../../service/queue-view.js';

const listOf: Record<FilterName, 'channels' | 'languages' | 'contactTypes'> = {
  channel: 'channels',
  language: 'languages',
  contactType: 'contactTypes',
};

/** Which open tickets are shown, and in which order. */
export function QueueFilters({ view, onChange }: { view: QueueView; onChange: (view: QueueView) => void }) {
  const { t } = useTranslation();
  const { data } = useQuery(ticketFiltersQuery);
  return (
    <div className="queue-filters" role="group" aria-label={t('queue.filters')}>
      <NativeSelect
        size="xs"
        aria-label={t('queue.sort')}
        value={view.sort}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...view, sort: value === 'confidence' ? 'confidence' : 'newest' })
        }
        data={[
          { value: 'newest', label: t('queue.sortNewest') },
          { value: 'confidence', label: t('queue.sortConfidence') },
        ]}
      />
      {filterNames
        .filter((name) => view[name] !== null || valuesOf(data, view, name).length > 1)
        .map((name) => (
          <NativeSelect
            key={name}
            size="xs"
            aria-label={t(`queue.${name}`)}
            data-used={view[name] !== null || undefined}
            value={view[name] ?? ''}
            onChange={({ currentTarget: { value } }) => onChange({ ...view, [name]: value || null })}
            data={[
              { value: '', label: t(`queue.any.${name}`) },
              ...valuesOf(data, view, name).map((value) => ({ value, label: value })),
            ]}
          />
        ))}
    </div>
  );
}

/** Of the open tickets, and the one that is filtered by although no open ticket has it any more. */
function valuesOf(filters: TicketFilters | undefined, view: QueueView, name: FilterName): string[] {
  const chosen = view[name];
  const values = filters?.[listOf[name]] ?? [];
  return chosen === null || values.includes(chosen) ? values : [...values, chosen];
}
