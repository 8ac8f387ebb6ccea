import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Metrics of consumed messages */
@Injectable()
export class IngestMetrics {
  readonly lag: Gauge<'topic' | 'partition'>;
  readonly lostRecords: Counter<'topic' | 'partition'>;
  readonly unreadableBatches: Counter<'topic' | 'partition' | 'codec'>;
  readonly chunkSize: Histogram;
  readonly storeSeconds: Histogram;
  readonly tickets: Counter<'event'>;
  readonly tombstones: Counter<'action'>;
  readonly choices: Counter<'outcome'>;
  readonly deadLetters: Counter<'topic' | 'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.lag = new Gauge({
      name: 'replyrank_consumer_lag',
      help: 'Consumer lag: offsets between the position and the end of the partition',
      labelNames: ['topic', 'partition'],
      registers,
    });
    this.lostRecords = new Counter({
      name: 'replyrank_consumer_lost_records_total',
      help: "Offsets that the topic's retention removed before they were read",
      labelNames: ['topic', 'partition'],
      registers,
    });
    this.unreadableBatches = new Counter({
      name: 'replyrank_unreadable_batches_total',
      help: 'Record batches that could not be decoded and became dead letters',
      labelNames: ['topic', 'partition', 'codec'],
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
    this.tombstones = new Counter({
      name: 'replyrank_tombstones_total',
      help: 'Ticket messages without a value, by the action of TICKET_TOMBSTONES',
      labelNames: ['action'],
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
