import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Metrics of consumed messages */
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
      help: 'Consumer lag, messages',
      labelNames: ['topic', 'partition'],
      registers,
    });
    this.chunkSize = new Histogram({
      name: 'replyrank_ingest_batch_size',
      help: 'Messages stored per transaction',
      buckets: [1, 2, 4, 8, 16, 32, 64],
      registers,
    });
    this.storeSeconds = new Histogram({
      name: 'replyrank_ingest_seconds',
      help: 'Time to store a batch of messages',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.tickets = new Counter({
      name: 'replyrank_tickets_total',
      help: 'Ticket messages stored, including duplicates',
      labelNames: ['event'],
      registers,
    });
    this.choices = new Counter({
      name: 'replyrank_choice_messages_total',
      help: 'Choices consumed from Kafka, by outcome',
      labelNames: ['outcome'],
      registers,
    });
    this.deadLetters = new Counter({
      name: 'replyrank_dead_letters_total',
      help: 'Messages that became dead letters, by reason',
      labelNames: ['topic', 'reason'],
      registers,
    });
  }
}
