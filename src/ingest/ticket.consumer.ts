import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import { RankingLoop } from '../suggest/ranking/ranking-loop.service.js';
import { storeDeadLetter, type PlacedMessage } from './dead-letters.js';
import { dead, type DeadMessage } from './envelope.js';
import { IngestMetrics } from './ingest-metrics.js';
import { KAFKA, type Kafka } from './kafka.js';
import { readTicket, type TicketRead } from './message-reader.js';
import { RankBacklog } from './rank-backlog.js';
import { ReaderThread } from './reader-thread.js';
import type { TicketMessage } from './ticket-message.js';
import { storeTickets } from './ticket-store.js';
import { describeError, TopicReader, type TopicHandler } from './topic-reader.js';

/** Larger messages are read in a thread of their own. */
const largeBytes = 16 * 1024;
/** Reading on for longer without a pause would be felt by those who wait for an HTTP answer. */
const breathAfterMs = 8;

/** Tickets from Kafka into the database: read, redacted, stored once, and a ranking asked for. */
@Injectable()
export class TicketConsumer implements TopicHandler {
  readonly topic: string;
  private readonly reader: TopicReader;
  private readonly thread = new ReaderThread();
  private readonly backlog: RankBacklog;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    @Inject(KAFKA) kafka: Kafka,
    private readonly metrics: IngestMetrics,
    private readonly ranking: RankingLoop,
  ) {
    this.topic = config.TOPIC_TICKETS;
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

  isFull(): Promise<boolean> {
    return this.backlog.isFull();
  }

  async store(messages: PlacedMessage[]): Promise<void> {
    const tickets: TicketMessage[] = [];
    const broken: { message: PlacedMessage; why: DeadMessage }[] = [];
    let breath = performance.now();
    for (const message of messages) {
      const read = await this.read(message);
      if (read.kind === 'ticket') tickets.push(read.ticket);
      else broken.push({ message, why: read });
      if (performance.now() - breath < breathAfterMs) continue;
      await new Promise(setImmediate);
      breath = performance.now();
    }
    const options = { auditShare: this.config.AUDIT_SHARE, random: Math.random };
    await this.dataSource.transaction(async (manager) => {
      await storeTickets(manager, tickets, options);
      for (const { message, why } of broken) {
        await storeDeadLetter(manager, message, why, this.config.TOPIC_TICKETS_DLQ);
      }
    });
    for (const { event } of tickets) this.metrics.tickets.inc({ event });
    for (const { why } of broken) this.metrics.deadLetters.inc({ topic: this.topic, reason: why.reason });
    if (tickets.length > 0) this.ranking.notify();
  }

  async giveUp(message: PlacedMessage, error: unknown): Promise<void> {
    const why = dead('handler-error', `could not be stored: ${describeError(error)}`);
    await this.dataSource.transaction((manager) =>
      storeDeadLetter(manager, message, why, this.config.TOPIC_TICKETS_DLQ),
    );
    this.metrics.deadLetters.inc({ topic: this.topic, reason: why.reason });
  }

  private read(message: PlacedMessage): TicketRead | Promise<TicketRead> {
    const isLarge = (message.value?.length ?? 0) > largeBytes;
    return isLarge ? this.thread.read(message, Date.now()) : readTicket(message, Date.now());
  }
}
