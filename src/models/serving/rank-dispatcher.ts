/**
 * Sends queued tickets to the model process, batch by batch. A batch whose call fails is halved until the ticket at fault is found.
 *
 * Invariant: every ticket of the queue is resolved exactly once, however often the process dies.
 */
import { emptyRanking } from '../ranking/ranking.js';
import { textFacts } from '../features/text-facts.js';
import type { RankInput, Ranking } from '../ranker.js';
import { rankingAt, type QueuedRank, type RankQueue } from './rank-queue.js';

/** A version in the model process. */
export interface RankTarget {
  version: string;
  rank(inputs: RankInput[]): Promise<Ranking[]>;
}

export interface BatchReport {
  size: number;
  queueSeconds: number[];
  inferenceSeconds: number;
}

export interface DispatcherOptions {
  queue: RankQueue;
  /** @returns the version that ranks tickets that ask for `version`; null while the process can't rank */
  target: (version: string | null) => RankTarget | null;
  onBatch: (report: BatchReport) => void;
  /** Called for a ticket that is answered with `model-error` */
  onFailedTicket: (reason: string) => void;
}

/** A ticket that was alone in its batch for this many deaths is at fault: other causes do not strike one ticket three times. */
const maxDeathsPerTicket = 3;

export class RankDispatcher {
  private isDraining = false;

  constructor(private readonly options: DispatcherOptions) {}

  /** Sends batches until the queue is empty or the process is gone; one at a time, as the process has one thread for them. */
  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    void (async () => {
      while (this.isReady()) {
        const batch = await this.options.queue.next();
        if (!batch) break;
        await this.runBatch(batch);
      }
      this.isDraining = false;
      if (this.isReady() && !this.options.queue.isEmpty) this.drain();
    })();
  }

  private isReady(): boolean {
    return this.options.target(null) !== null;
  }

  private async runBatch(batch: QueuedRank[]): Promise<void> {
    const target = this.options.target(batch[0]?.version ?? null);
    if (!target) {
      this.options.queue.putBack(batch);
      return;
    }
    const { version } = target;
    const sentAt = performance.now();
    try {
      const rankings = await target.rank(batch.map(({ input }) => input));
      batch.forEach((ticket, index) => ticket.resolve({ version, ranking: rankingAt(rankings, index) }));
      this.options.onBatch({
        size: batch.length,
        queueSeconds: batch.map(({ queuedAt }) => (sentAt - queuedAt) / 1000),
        inferenceSeconds: (performance.now() - sentAt) / 1000,
      });
    } catch (error) {
      this.retry(batch, version, error instanceof Error ? error.message : String(error));
    }
  }

  private retry(batch: QueuedRank[], version: string, message: string): void {
    const { queue, onFailedTicket } = this.options;
    const [first] = batch;
    if (batch.length > 1 || !first) {
      const middle = Math.ceil(batch.length / 2);
      queue.putBack(batch.slice(0, middle), batch.slice(middle));
      return;
    }
    first.deaths += 1;
    if (first.deaths < maxDeathsPerTicket) {
      queue.putBack(batch);
      return;
    }
    onFailedTicket(`gave up on a ticket after ${maxDeathsPerTicket} failures: ${message}`);
    first.resolve({ version, ranking: emptyRanking('model-error', null, textFacts(first.input, null)) });
  }
}
