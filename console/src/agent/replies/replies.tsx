import { Alert, Button, Skeleton, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Reply, Suggestion } from '../../service/api-types.js';

/** Reasons of the service that have a sentence of their own; any other is that the model is unsure. */
const reasons = ['empty-text', 'out-of-scope', 'no-templates', 'model-error'] as const;

/** The replies that the model ranks first, or why there are none. */
export function Replies({
  suggestion,
  card,
}: {
  suggestion: UseQueryResult<Suggestion | null>;
  card: (reply: Reply, place: number, probability: number) => ReactNode;
}) {
  const { t } = useTranslation();
  const { data } = suggestion;
  if (data === undefined && suggestion.isError) {
    return (
      <Alert color="red" role="alert" title={t('replies.loadError')}>
        <Text size="sm">{suggestion.error.message}</Text>
        <Button size="compact-sm" mt="xs" color="red" variant="light" onClick={() => void suggestion.refetch()}>
          {t('app.retry')}
        </Button>
      </Alert>
    );
  }
  if (!data) {
    return (
      <div role="status" className="loading">
        <Text size="sm" c="dimmed">
          {data === null ? t('replies.ranking') : t('app.loading')}
        </Text>
        <Skeleton height={96} />
      </div>
    );
  }
  if (data.items.length === 0) {
    const reason = reasons.find((known) => known === data.reason) ?? 'unsure';
    return (
      <Alert color="gray" title={t('replies.noSuggestion')}>
        {data.abstained ? t(`replies.${reason}`) : t('replies.noActiveReply')}
      </Alert>
    );
  }
  return (
    <ol className="replies" aria-label={t('replies.title')}>
      {data.items.slice(0, shownReplies).map((item) => (
        <li key={item.templateId}>{card(item, item.rank, item.probability)}</li>
      ))}
    </ol>
  );
}

/** As many as there are keys for. The suggestion has more of them: they order the search. */
export const shownReplies = 3;
