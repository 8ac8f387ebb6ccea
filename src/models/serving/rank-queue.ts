import { setTimeout as sleep } from 'node:timers/promises';
import type { RankInput, Ranking } from '../ranker.js';

/** The queue is full: come again. */
export class ModelBusy extends Error {
  override readonly name = 'ModelBusy';
}

/** The model process can't be started, or nothing has been loaded yet. */
export class ModelUnavailable extends Error {
  override readonly name = 'ModelUnavailable';
}

export interface Ranked {
  version: string;
  ranking: Ranking;
}

export interface QueuedRank {
  input: RankInput;
  /** Null: whichever version is in use when its turn comes */
  version: string | null;
  /** ms on the monotonic clock */
  queuedAt: number;
  /** How often the model process died while this ticket was alone in its batch. */
  deaths: number;
  resolve: (ranked: Ranked) => void;
  reject: (error: Error) => void;
}

/** A text costs the encoder about as much as its windows; one window holds some 1,000 characters, and 16 are read. */
const windowCharacters = 1000;
const mostWindows = 16;
/** A batch may cost twice as much as one of short texts: a few long ones must not make the short ones wait for seconds. */
const costFactor = 2;
/** What can wait comes in batches that a ticket which arrives meanwhile does not notice: about 50 ms on two cores. */
const behindBatch = 8;
/** More of it than that waits for nobody: four explanations. */
const mostBehind = 256;

/** `now`: somebody waits for a ticket; `behind`: only while no such ticket waits */
export type Urgency = 'now' | 'behind';

/** @returns 1 to 16 */
export function costOf({ subject, body }: RankInput): number {
  return Math.min(mostWindows, 1 + Math.floor((subject.length + body.length) / windowCharacters));
}

/** Tickets waiting for the model, handed out in batches. */
export class RankQueue {
  private waiting: QueuedRank[] = [];
  private behind: QueuedRank[] = [];
  /** Batches that must be tried again as they are, before anything else. */
  private again: QueuedRank[][] = [];

  constructor(private readonly limits: { maxBatch: number; maxWaitMs: number; maxQueue: number }) {}

  get size(): number {
    return this.waiting.length + this.again.reduce((sum, batch) => sum + batch.length, 0);
  }

  get isEmpty(): boolean {
    return this.size + this.behind.length === 0;
  }

  hasRoomFor(count: number, urgency: Urgency = 'now'): boolean {
    if (urgency === 'behind') return this.behind.length + count <= mostBehind;
    // One call larger than the whole queue is let in where nothing waits: it could never be taken otherwise.
    return this.size === 0 || this.size + count <= this.limits.maxQueue;
  }

  add(input: RankInput, version: string | null = null, urgency: Urgency = 'now'): Promise<Ranked> {
    const line = urgency === 'now' ? this.waiting : this.behind;
    return new Promise((resolve, reject) => {
      line.push({ input, version, queuedAt: performance.now(), deaths: 0, resolve, reject });
    });
  }

  putBack(...batches: QueuedRank[][]): void {
    this.again.unshift(...batches.filter((batch) => batch.length > 0));
  }

  /** The next batch, after waiting a little for company; null where nothing waits. */
  async next(): Promise<QueuedRank[] | null> {
    const again = this.again.shift();
    if (again) return again;
    const [first] = this.waiting;
    if (!first) return this.behind.length > 0 ? takeBatch(this.behind, behindBatch, behindBatch) : null;
    const patience = this.limits.maxWaitMs - (performance.now() - first.queuedAt);
    if (patience > 0 && this.waiting.length < this.limits.maxBatch) await sleep(patience);
    return takeBatch(this.waiting, this.limits.maxBatch, this.limits.maxBatch * costFactor);
  }

  rejectAll(error: Error): void {
    const all = [...this.again.flat(), ...this.waiting, ...this.behind];
    this.again = [];
    this.waiting = [];
    this.behind = [];
    for (const ticket of all) ticket.reject(error);
  }
}

/** Takes the first ones that are for the same version, one at least. */
function takeBatch(line: QueuedRank[], mostTickets: number, mostCost: number): QueuedRank[] {
  let count = 0;
  let cost = 0;
  for (const { input, version } of line.slice(0, mostTickets)) {
    if (version !== line[0]?.version) break;
    cost += costOf(input);
    if (count > 0 && cost > mostCost) break;
    count += 1;
  }
  return line.splice(0, count);
}

/** The reply of one ticket. @throws Error where the model answered fewer rankings than it was asked for */
export function rankingOf(rankings: Ranking[], index: number): Ranking {
  const ranking = rankings[index];
  if (!ranking) throw new Error(`the model answered ${rankings.length} rankings, none for ticket ${index}`);
  return ranking;
}
