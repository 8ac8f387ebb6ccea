import { NativeSelect, TextInput, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { periods, selections, states, type ListView } from './list-view.js';
import { isSelected, type Row } from './rows.js';

/** Where the key / leads */
export const searchFieldId = 'search-templates';

/** Which templates the list shows. */
export function ListFilters({
  view,
  rows,
  isCounted,
  onChange,
}: {
  view: ListView;
  rows: readonly Row[];
  /** The figures are there that some selections go by */
  isCounted: boolean;
  onChange: (change: Partial<ListView>) => void;
}) {
  const { t } = useTranslation('templates');
  const description = t(`list.viewDescription.${view.selection}`);
  return (
    <>
      <div className="selections" role="group" aria-label={t('list.views')}>
        {selections.map((name) => (
          <UnstyledButton
            key={name}
            aria-pressed={view.selection === name}
            data-warn={(name === 'flagged' && rows.some(isSelected.flagged)) || undefined}
            onClick={() => onChange({ selection: name, sort: null })}
          >
            {t(`list.${name}`)}{' '}
            {(isCounted || name === 'all') && <span className="count">{rows.filter(isSelected[name]).length}</span>}
          </UnstyledButton>
        ))}
      </div>
      {description && <p className="description">{description}</p>}
      <div className="template-filters">
        <TextInput
          id={searchFieldId}
          type="search"
          size="xs"
          aria-label={t('list.search')}
          placeholder={t('list.placeholder')}
          value={view.words}
          onChange={({ currentTarget: { value } }) => onChange({ words: value.slice(0, 200) })}
          onKeyDown={({ key }) => {
            if (key === 'Escape') onChange({ words: '' });
          }}
        />
        <NativeSelect
          size="xs"
          aria-label={t('list.state')}
          data-used={view.state !== null || undefined}
          value={view.state ?? ''}
          onChange={({ currentTarget: { value } }) =>
            onChange({ state: states.find((state) => state === value) ?? null })
          }
          data={[
            { value: '', label: t('list.anyState') },
            ...states.map((value) => ({ value, label: t(`state.${value}`) })),
          ]}
        />
        <PeriodSelect days={view.days} onChange={(days) => onChange({ days })} />
      </div>
    </>
  );
}

export function PeriodSelect({ days, onChange }: { days: number; onChange: (days: number) => void }) {
  const { t } = useTranslation('templates');
  return (
    <NativeSelect
      size="xs"
      aria-label={t('list.period')}
      value={String(days)}
      onChange={({ currentTarget: { value } }) => onChange(Number(value))}
      data={periods.map((value) => ({ value: String(value), label: t(`list.days_${value}`) }))}
    />
  );
}
