import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import type { Stream } from '../../records/tickets/observed-ticket.entity.js';
import { CounterThread } from '../runner/counter-thread.js';
import { loadServingVersion } from '../decisions/decision-store.js';
import { stream as streamSchema } from '../monitor.schema.js';
import { loadNewestUnlabelled } from '../observations/observation-rows.js';

const ticketSchema = z.object({ source: z.string(), ticketId: z.string(), subject: z.string(), preview: z.string() });
export const labelQueueSchema = z
  .object({
    stream: streamSchema,
    /** Tickets suggested for labelling, the most informative first */
    tickets: z.array(ticketSchema.extend({ uncertainty: z.number() })),
    /** Tickets without a suggestion, clustered by topic; the largest cluster first */
    clusters: z.array(
      z.object({ words: z.array(z.string()), tickets: z.number().int(), examples: z.array(ticketSchema) }),
    ),
  })
  .meta({ id: 'LabelQueue' });
type LabelQueueAnswer = z.infer<typeof labelQueueSchema>;

const maxTickets = 2_000;

/** Tickets suggested for labelling, and topics without a template. */
@Injectable()
export class LabelQueueQuery {
  constructor(
    private readonly dataSource: DataSource,
    private readonly thread: CounterThread,
  ) {}

  async queue(stream: Stream, max: number): Promise<LabelQueueAnswer> {
    const { manager } = this.dataSource;
    const modelVersion = await loadServingVersion(manager);
    const rows = await loadNewestUnlabelled(manager, { modelVersion, stream, limit: maxTickets });
    const { tickets, clusters } = await this.thread.buildLabelQueue(
      rows.map(({ observation, text }) => ({ observation, text })),
      max,
    );
    const shown = new Map(rows.map(({ observation: { key }, shown: one }) => [key, one]));
    const shownOf = (key: string) => shown.get(key) ?? [];
    return {
      stream,
      tickets: tickets.flatMap(({ key, uncertainty }) =>
        [shownOf(key)].flat().map((one) => ({ ...one, uncertainty: uncertainty })),
      ),
      clusters: clusters.map(({ examples, ...cluster }) => ({ ...cluster, examples: examples.flatMap(shownOf) })),
    };
  }
}
