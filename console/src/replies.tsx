import { Alert, Button, Skeleton, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { Reply, Suggestion, Ticket } from './api-types.js';
import { ReplyCard } from './reply-card.js';

const whyNone: Record<string, string> = {
  'empty-text': 'The ticket has no text to rank replies by.',
  'out-of-scope': 'The ticket is unlike those that the model has learned from.',
  'no-templates': 'There are no reply templates yet that may be used.',
  'model-error': 'The model could not work on this ticket.',
};

/** The replies that the model ranks first, or why there are none. */
export function Replies({
  suggestion,
  fields,
  mayUse,
  onUse,
}: {
  suggestion: UseQueryResult<Suggestion | null>;
  fields: Ticket['fields'];
  mayUse: boolean;
  onUse: (reply: Reply) => void;
}) {
  const { data } = suggestion;
  if (data === undefined && suggestion.isError) {
    return (
      <Alert color="red" role="alert" title="The suggestions can't be read">
        <Text size="sm">{suggestion.error.message}</Text>
        <Button size="compact-sm" mt="xs" color="red" variant="light" onClick={() => void suggestion.refetch()}>
          Try again
        </Button>
      </Alert>
    );
  }
  if (!data) {
    return (
      <div role="status" className="loading">
        <Text size="sm" c="dimmed">
          {data === null ? 'The ticket is being ranked. The replies appear here by themselves.' : 'Loading …'}
        </Text>
        <Skeleton height={96} />
      </div>
    );
  }
  if (data.abstained) {
    const why = whyNone[data.reason ?? ''] ?? 'The model is unsure which reply fits, so it suggests none.';
    return (
      <Alert color="gray" title="No suggestion">
        {why}
      </Alert>
    );
  }
  if (data.items.length === 0) {
    return (
      <Alert color="gray" title="No suggestion">
        The replies that were ranked for this ticket may not be used at present.
      </Alert>
    );
  }
  return (
    <ol className="replies" aria-label="Suggested replies">
      {data.items.map((item) => (
        <li key={item.templateId}>
          <ReplyCard
            reply={item}
            fields={fields}
            place={item.rank}
            probability={item.probability}
            mayUse={mayUse}
            onUse={() => onUse(item)}
          />
        </li>
      ))}
    </ol>
  );
}
