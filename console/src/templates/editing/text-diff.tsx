import { VisuallyHidden } from '@mantine/core';
import { diffWordsWithSpace } from 'diff';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

/** Share of the longer text below which the two are shown one after the other: words in turn could not be read. */
const minKept = 0.5;

function differences(from: string, to: string): { value: string; added?: boolean; removed?: boolean }[] {
  const parts = diffWordsWithSpace(from, to);
  const kept = parts.reduce((sum, { added, removed, value }) => sum + (added || removed ? 0 : value.length), 0);
  if (kept >= minKept * Math.max(from.length, to.length)) return parts;
  return [
    { value: from, removed: true },
    { value: '\n', added: false },
    { value: to, added: true },
  ];
}

/** What was taken out of a text and put into it, word by word. */
export default function TextDiff({ from, to }: { from: string; to: string }) {
  const { t } = useTranslation('templates');
  const parts = useMemo(() => differences(from, to), [from, to]);
  return (
    <p className="text-diff">
      {parts.map(({ added, removed, value }, index) => {
        if (added)
          return (
            <ins key={index}>
              <VisuallyHidden>{t('history.added')} </VisuallyHidden>
              {value}
            </ins>
          );
        if (removed)
          return (
            <del key={index}>
              <VisuallyHidden>{t('history.removed')} </VisuallyHidden>
              {value}
            </del>
          );
        return <span key={index}>{value}</span>;
      })}
    </p>
  );
}
