import { setTimeout as sleep } from 'node:timers/promises';
import type { RankInput, Ranking } from '../ranker.js';

/** The queue is full; try again later. */
export class ModelBusy extends Error {
  override readonly name = 'ModelBusy';
}

/** The model process can't start, or no version is loaded yet. */
export class ModelUnavailable extends Error {
  override readonly name = 'ModelUnavailable';
}

export interface Ranked {
  version: string;
  ranking: Ranking;
}

export interface QueuedRank {
  input: RankInput;
  /** Null: the version that is active when the batch is sent */
  version: string | null;
  /** ms on the monotonic clock */
  queuedAt: number;
  /** How often the model process died while this ticket was alone in its batch. */
  deaths: number;
  resolve: (ranked: Ranked) => void;
  reject: (error: Error) => void;
}

/** The cost of a text is its number of encoder windows: about 1,000 characters each, at most 16. */
const windowCharacters = 1000;
const maxWindows = 16;
/** A batch costs at most twice as much as one of short texts: a few long texts must not delay short ones by seconds. */
const costFactor = 2;
/** Background batches are short enough not to delay a ticket noticeably: about 50 ms on two cores. */
const backgroundBatch = 8;
/** Background queue limit: four explanations. */
const maxBackground = 256;

/** `background` runs only while no interactive ticket waits. */
export type Urgency = 'interactive' | 'background';

/** @returns 1 to 16 */
export function windowCost({ subject, body }: RankInput): number {
  return Math.min(maxWindows, 1 + Math.floor((subject.length + body.length) / windowCharacters));
}

/** Tickets waiting for the model, handed out in batches. */
export class RankQueue {
  private waiting: QueuedRank[] = [];
  private background: QueuedRank[] = [];
  /** Batches to retry as they are, before anything else */
  private retries: QueuedRank[][] = [];

  constructor(private readonly limits: { maxBatch: number; maxWaitMs: number; maxQueue: number }) {}

  get size(): number {
    return this.waiting.length + this.retries.reduce((sum, batch) => sum + batch.length, 0);
  }

  get isEmpty(): boolean {
    return this.size + this.background.length === 0;
  }

  hasRoomFor(count: number, urgency: Urgency = 'interactive'): boolean {
    if (urgency === 'background') return this.background.length + count <= maxBackground;
    // A call larger than the whole queue is accepted while the queue is empty; else it could never be.
    return this.size === 0 || this.size + count <= this.limits.maxQueue;
  }

  add(input: RankInput, version: string | null = null, urgency: Urgency = 'interactive'): Promise<Ranked> {
    const queue = urgency === 'interactive' ? this.waiting : this.background;
    return new Promise((resolve, reject) => {
      queue.push({ input, version, queuedAt: performance.now(), deaths: 0, resolve, reject });
    });
  }

  putBack(...batches: QueuedRank[][]): void {
    this.retries.unshift(...batches.filter((batch) => batch.length > 0));
  }

  /** @returns the next batch, after up to `maxWaitMs` to fill it; null where the queue is empty */
  async next(): Promise<QueuedRank[] | null> {
    const again = this.retries.shift();
    if (again) return again;
    const [first] = this.waiting;
    if (!first) return this.background.length > 0 ? takeBatch(this.background, backgroundBatch, backgroundBatch) : null;
    const remainingMs = this.limits.maxWaitMs - (performance.now() - first.queuedAt);
    if (remainingMs > 0 && this.waiting.length < this.limits.maxBatch) await sleep(remainingMs);
    return takeBatch(this.waiting, this.limits.maxBatch, this.limits.maxBatch * costFactor);
  }

  rejectAll(error: Error): void {
    const all = [...this.retries.flat(), ...this.waiting, ...this.background];
    this.retries = [];
    this.waiting = [];
    this.background = [];
    for (const ticket of all) ticket.reject(error);
  }
}

/** Takes the first tickets of the same version; at least one. */
function takeBatch(queue: QueuedRank[], maxTickets: number, maxCost: number): QueuedRank[] {
  let count = 0;
  let cost = 0;
  for (const { input, version } of queue.slice(0, maxTickets)) {
    if (version !== queue[0]?.version) break;
    cost += windowCost(input);
    if (count > 0 && cost > maxCost) break;
    count += 1;
  }
  return queue.splice(0, count);
}

/** @throws Error where the model returned fewer rankings than inputs */
export function rankingAt(rankings: Ranking[], index: number): Ranking {
  const ranking = rankings[index];
  if (!ranking) throw new Error(`the model returned ${rankings.length} rankings, none for ticket ${index}`);
  return ranking;
}
