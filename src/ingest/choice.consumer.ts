import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import { ChoicesService } from '../suggest/choices/choices.service.js';
import { storeDeadLetter, type ConsumedMessage } from './dead-letters.js';
import { reject, type Rejection } from './envelope.js';
import { IngestMetrics } from './ingest-metrics.js';
import { KAFKA, type Kafka } from './kafka.js';
import { readChoice, type ChoiceRead } from './message-reader.js';
import { ReaderThread } from './reader-thread.js';
import { describeError, TopicReader, type TopicHandler } from './consumer/topic-reader.js';

/** A choice has no text to redact: only a message that is far too large for one takes long to read. */
const largeMessageBytes = 64 * 1024;

/** Agents' choices from Kafka, for helpdesks that do not use the HTTP interface. */
@Injectable()
export class ChoiceConsumer implements TopicHandler {
  readonly topic: string;
  private readonly reader: TopicReader;
  private readonly thread: ReaderThread<ChoiceRead>;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    @Inject(KAFKA) kafka: Kafka,
    private readonly metrics: IngestMetrics,
    private readonly choices: ChoicesService,
  ) {
    this.topic = config.TOPIC_CHOICES;
    this.thread = new ReaderThread('choice', config.REDACT);
    // A separate group: kafkajs assigns partitions as if all members of a group read the same topics.
    this.reader = new TopicReader(kafka, `${config.KAFKA_GROUP}.choices`, this, metrics);
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
    return Promise.resolve(false);
  }

  /** One transaction for each choice: it is identified by its id, so a chunk that is read again changes nothing. */
  async storeBatch(messages: ConsumedMessage[]): Promise<void> {
    for (const message of messages) {
      const result = await this.read(message);
      if (result.kind === 'dead-letter') {
        await this.storeRejected(message, result);
        continue;
      }
      const added = await this.choices.add(result.choice);
      this.metrics.choices.inc({ outcome: added.kind });
      if (added.kind === 'conflict') await this.storeRejected(message, reject('conflict', added.detail));
    }
  }

  deadLetter(message: ConsumedMessage, error: unknown): Promise<void> {
    return this.storeRejected(message, reject('handler-error', `could not be stored: ${describeError(error)}`));
  }

  private async read(message: ConsumedMessage): Promise<ChoiceRead> {
    if ((message.value?.length ?? 0) <= largeMessageBytes) return readChoice(message);
    const [result] = await this.thread.read([message], Date.now());
    return result ?? reject('too-slow', 'the message could not be read');
  }

  private async storeRejected(message: ConsumedMessage, rejection: Rejection): Promise<void> {
    await this.dataSource.transaction((manager) =>
      storeDeadLetter(manager, message, rejection, this.config.TOPIC_CHOICES_DLQ),
    );
    this.metrics.deadLetters.inc({ topic: this.topic, reason: rejection.reason });
  }
}
