import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What is counted of messages on their way in. */
@Injectable()
export class IngestMetrics {
  readonly lag: Gauge<'topic' | 'partition'>;
  readonly chunkSize: Histogram;
  readonly storeSeconds: Histogram;
  readonly tickets: Counter<'event'>;
  readonly choices: Counter<'outcome'>;
  readonly deadLetters: Counter<'topic' | 'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.lag = new Gauge({
      name: 'replyrank_consumer_lag',
      help: 'Messages not yet read',
      labelNames: ['topic', 'partition'],
      registers,
    });
    this.chunkSize = new Histogram({
      name: 'replyrank_ingest_batch_size',
      help: 'Messages stored in one transaction',
      buckets: [1, 2, 4, 8, 16, 32, 64],
      registers,
    });
    this.storeSeconds = new Histogram({
      name: 'replyrank_ingest_seconds',
      help: 'Time from having a batch of messages to having it stored',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.tickets = new Counter({
      name: 'replyrank_tickets_total',
      help: 'Ticket messages stored, repeated ones too',
      labelNames: ['event'],
      registers,
    });
    this.choices = new Counter({
      name: 'replyrank_choice_messages_total',
      help: 'Choices read from Kafka, by what came of them',
      labelNames: ['outcome'],
      registers,
    });
    this.deadLetters = new Counter({
      name: 'replyrank_dead_letters_total',
      help: 'Messages that could not be read',
      labelNames: ['topic', 'reason'],
      registers,
    });
  }
}
