import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import { RankingLoop } from '../suggest/ranking/ranking-loop.service.js';
import { storeDeadLetter, type ConsumedMessage } from './dead-letters.js';
import { reject, type Rejection } from './envelope.js';
import { IngestMetrics } from './ingest-metrics.js';
import { KAFKA, type Kafka } from './kafka.js';
import { readTombstone, type TicketRead } from './message-reader.js';
import { RankBacklog } from './rank-backlog.js';
import { ReaderThread } from './reader-thread.js';
import type { TicketMessage } from './ticket-message.js';
import { storeTickets } from './ticket-store.js';
import { describeError, TopicReader, type TopicHandler } from './consumer/topic-reader.js';

interface Rejected {
  message: ConsumedMessage;
  rejection: Rejection;
}

/**
 * How a ticket flows from Kafka into the database:
 *
 * 1. receive: topic-reader.ts gets a batch and calls `storeBatch` with chunks of it
 * 2. read and prepare: message-reader.ts decodes, validates and redacts each message, in a thread
 * 3. store once: ticket-store.ts stores tickets and requests their ranking, dead-letters.ts stores invalid messages, both in
 *    one transaction
 * 4. commit: topic-reader.ts commits the offset
 */
@Injectable()
export class TicketConsumer implements TopicHandler {
  readonly topic: string;
  private readonly reader: TopicReader;
  private readonly thread: ReaderThread<TicketRead>;
  private readonly backlog: RankBacklog;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    @Inject(KAFKA) kafka: Kafka,
    private readonly metrics: IngestMetrics,
    private readonly ranking: RankingLoop,
  ) {
    this.topic = config.TOPIC_TICKETS;
    this.thread = new ReaderThread('ticket', config.REDACT);
    this.backlog = new RankBacklog(dataSource, config.RANK_BACKLOG);
    this.reader = new TopicReader(kafka, config.KAFKA_GROUP, this, metrics);
  }

  get health(): TopicReader['health'] {
    return this.reader.health;
  }

  start(): Promise<void> {
    return this.reader.start();
  }

  async stop(): Promise<void> {
    await this.reader.stop();
    await this.thread.stop();
  }

  /** Consumption pauses while too many tickets wait to be ranked. */
  isFull(): Promise<boolean> {
    return this.backlog.isFull();
  }

  async storeBatch(messages: ConsumedMessage[]): Promise<void> {
    const { tickets, rejected } = await this.readAll(messages);
    const options = { auditShare: this.config.AUDIT_SHARE, random: Math.random };
    await this.dataSource.transaction(async (manager) => {
      await storeTickets(manager, tickets, options);
      for (const { message, rejection } of rejected) {
        await storeDeadLetter(manager, message, rejection, this.config.TOPIC_TICKETS_DLQ);
      }
    });
    for (const { event } of tickets) this.metrics.tickets.inc({ event });
    for (const { rejection } of rejected) this.countDeadLetter(rejection);
    if (tickets.length > 0) this.ranking.notify();
  }

  async deadLetter(message: ConsumedMessage, error: unknown): Promise<void> {
    const rejection = reject('handler-error', `could not be stored: ${describeError(error)}`);
    await this.dataSource.transaction((manager) =>
      storeDeadLetter(manager, message, rejection, this.config.TOPIC_TICKETS_DLQ),
    );
    this.countDeadLetter(rejection);
  }

  private async readAll(messages: ConsumedMessage[]): Promise<{ tickets: TicketMessage[]; rejected: Rejected[] }> {
    const tickets: TicketMessage[] = [];
    const rejected: Rejected[] = [];
    const collect = (message: ConsumedMessage, result: TicketRead): void => {
      if (result.kind === 'ticket') tickets.push(result.ticket);
      else rejected.push({ message, rejection: result });
    };
    const now = Date.now();
    const { TICKET_TOMBSTONES: action, REDACT: level } = this.config;
    const results = await this.thread.read(messages, now);
    for (const [index, message] of messages.entries()) {
      const result = results[index];
      if (message.value === null && action !== 'dead-letter') {
        this.metrics.tombstones.inc({ action });
        if (action === 'close') collect(message, readTombstone(message, now, level));
      } else if (result) collect(message, result);
    }
    return { tickets, rejected };
  }

  private countDeadLetter({ reason }: Rejection): void {
    this.metrics.deadLetters.inc({ topic: this.topic, reason });
  }
}
