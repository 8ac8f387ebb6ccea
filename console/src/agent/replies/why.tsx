import { Alert, Button, Loader, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Reply, Suggestion, WordWeight } from '../../service/api-types.js';
import { markedWords } from './marked-text.js';

/** The words behind one reply; null where they are not known, or not yet. */
export function wordsOf(explanation: Suggestion | null | undefined, reply: Reply | null): WordWeight[] | null {
  const item = explanation?.items.find(({ templateId }) => templateId === reply?.templateId);
  return item?.words ? markedWords(item.words) : null;
}

/** Says in words what the marks in the ticket say. */
export function Why({ explanation, reply }: { explanation: UseQueryResult<Suggestion | null>; reply: Reply | null }) {
  const { t } = useTranslation();
  if (explanation.isError) {
    return (
      <Alert color="red" role="alert" title={t('why.loadError')} mt="sm">
        <Text size="sm">{explanation.error.message}</Text>
        <Button size="compact-sm" mt="xs" color="red" variant="light" onClick={() => void explanation.refetch()}>
          {t('app.retry')}
        </Button>
      </Alert>
    );
  }
  if (explanation.isPending) {
    return (
      <p className="why" role="status">
        <Loader size={14} aria-hidden="true" /> {t('why.computing')}
      </p>
    );
  }
  const words = wordsOf(explanation.data, reply);
  const listOf = (some: WordWeight[]): string =>
    some
      .toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
      .map(({ text }) => t('why.quote', { text }))
      .join(', ');
  const [spoke, against] = [words?.filter(({ weight }) => weight > 0), words?.filter(({ weight }) => weight < 0)];
  return (
    <div className="why" role="status">
      {words === null ? (
        <p>{t('why.unavailable')}</p>
      ) : (
        <>
          <p>
            <b>{t('why.title', { title: reply?.title })}</b>
          </p>
          <p>
            <mark className="word" data-speaks="for" data-strength="3">
              {t('why.supporting')}
            </mark>{' '}
            {spoke?.length ? listOf(spoke) : t('why.noSingleWord')}
          </p>
          {against && against.length > 0 && (
            <p>
              <mark className="word" data-speaks="against">
                {t('why.opposing')}
              </mark>{' '}
              {listOf(against)}
            </p>
          )}
        </>
      )}
    </div>
  );
}
