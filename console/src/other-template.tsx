import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Reply, Ticket } from './api-types.js';
import { templatesQuery } from './queries.js';
import { ReplyCard } from './reply-card.js';

/** Any other reply of the team, by its title. */
export function OtherTemplate({
  fields,
  shown,
  onUse,
}: {
  fields: Ticket['fields'];
  shown: Reply[];
  onUse: (reply: Reply, isShown: boolean) => void;
}) {
  const [wanted, setWanted] = useState(false);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const templates = useQuery({ ...templatesQuery, enabled: wanted });
  const chosen = templates.data?.find(({ id }) => id === chosenId);
  const reply = chosen && { templateId: chosen.id, title: chosen.title, body: chosen.body };
  return (
    <div className="other">
      <Select
        label="Another reply"
        placeholder="Search by title"
        searchable
        clearable
        limit={50}
        value={chosenId}
        onChange={setChosenId}
        onFocus={() => setWanted(true)}
        data={templates.data?.map(({ id, title }) => ({ value: id, label: title })) ?? []}
        nothingFoundMessage={templates.isPending ? 'Loading …' : 'No reply has this title'}
        error={templates.isError && `The replies can't be read: ${templates.error.message}`}
      />
      {reply && (
        <ReplyCard
          reply={reply}
          fields={fields}
          place={null}
          probability={null}
          mayUse
          onUse={() =>
            onUse(
              reply,
              shown.some(({ templateId }) => templateId === reply.templateId),
            )
          }
        />
      )}
    </div>
  );
}
