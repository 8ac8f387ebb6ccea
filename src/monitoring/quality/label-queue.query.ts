import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import type { Stream } from '../../records/observed-ticket.entity.js';
import { CounterThread } from '../runner/counter-thread.js';
import { servingVersion } from '../decisions/decision-store.js';
import { stream } from '../monitor.schema.js';
import { newestUnlabelled } from '../observations/observation-rows.js';

const ticketSchema = z.object({ source: z.string(), ticketId: z.string(), subject: z.string(), preview: z.string() });
export const labelQueueSchema = z
  .object({
    stream,
    /** Most worth a label first */
    tickets: z.array(ticketSchema.extend({ unsure: z.number() })),
    /** Tickets that nothing was suggested for, gathered by what they are about; the largest first */
    clusters: z.array(
      z.object({ words: z.array(z.string()), tickets: z.number().int(), examples: z.array(ticketSchema) }),
    ),
  })
  .meta({ id: 'LabelQueue' });
type LabelQueueAnswer = z.infer<typeof labelQueueSchema>;

/** Of so many tickets, the newest. */
const lookedAt = 2_000;

/** Which labels would teach the model most, and what no template answers. */
@Injectable()
export class LabelQueueQuery {
  constructor(
    private readonly dataSource: DataSource,
    private readonly thread: CounterThread,
  ) {}

  async queue(of: Stream, most: number): Promise<LabelQueueAnswer> {
    const { manager } = this.dataSource;
    const modelVersion = await servingVersion(manager);
    const rows = await newestUnlabelled(manager, { modelVersion, stream: of, limit: lookedAt });
    const { tickets, clusters } = await this.thread.queue(
      rows.map(({ observation, text }) => ({ observation, text })),
      most,
    );
    const shown = new Map(rows.map(({ observation: { key }, shown: one }) => [key, one]));
    const shownOf = (key: string) => shown.get(key) ?? [];
    return {
      stream: of,
      tickets: tickets.flatMap(({ key, unsure }) => [shownOf(key)].flat().map((one) => ({ ...one, unsure }))),
      clusters: clusters.map(({ examples, ...cluster }) => ({ ...cluster, examples: examples.flatMap(shownOf) })),
    };
  }
}
