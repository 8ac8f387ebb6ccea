import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import { ChoicesService } from '../suggest/choices/choices.service.js';
import { storeDeadLetter, type PlacedMessage } from './dead-letters.js';
import { dead, type DeadMessage } from './envelope.js';
import { IngestMetrics } from './ingest-metrics.js';
import { KAFKA, type Kafka } from './kafka.js';
import { readChoice } from './message-reader.js';
import { describeError, TopicReader, type TopicHandler } from './topic-reader.js';

/** Agents' choices from Kafka, for helpdesks that do not use the HTTP interface. */
@Injectable()
export class ChoiceConsumer implements TopicHandler {
  readonly topic: string;
  private readonly reader: TopicReader;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    @Inject(KAFKA) kafka: Kafka,
    private readonly metrics: IngestMetrics,
    private readonly choices: ChoicesService,
  ) {
    this.topic = config.TOPIC_CHOICES;
    // A group of its own: kafkajs shares out partitions as if all members of a group read the same topics.
    this.reader = new TopicReader(kafka, `${config.KAFKA_GROUP}.choices`, this, metrics);
  }

  get health(): TopicReader['health'] {
    return this.reader.health;
  }

  start(): Promise<void> {
    return this.reader.start();
  }

  stop(): Promise<void> {
    return this.reader.stop();
  }

  isFull(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** A transaction for each: a choice is known by its id, so a chunk that is read again changes nothing. */
  async store(messages: PlacedMessage[]): Promise<void> {
    for (const message of messages) {
      const read = readChoice(message);
      if (read.kind === 'dead-letter') {
        await this.bury(message, read);
        continue;
      }
      const added = await this.choices.add(read.choice);
      this.metrics.choices.inc({ outcome: added.kind });
      if (added.kind === 'conflict') await this.bury(message, dead('conflict', added.detail));
    }
  }

  giveUp(message: PlacedMessage, error: unknown): Promise<void> {
    return this.bury(message, dead('handler-error', `could not be stored: ${describeError(error)}`));
  }

  private async bury(message: PlacedMessage, why: DeadMessage): Promise<void> {
    await this.dataSource.transaction((manager) =>
      storeDeadLetter(manager, message, why, this.config.TOPIC_CHOICES_DLQ),
    );
    this.metrics.deadLetters.inc({ topic: this.topic, reason: why.reason });
  }
}
