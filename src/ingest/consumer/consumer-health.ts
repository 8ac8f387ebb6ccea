import type { UnreadableBatch } from './record-batches.js';

/** A partition with lag is stalled after this time without progress. */
const stallTimeoutMs = 60_000;
/** Unreadable batches that readiness lists: the newest */
const maxUnreadable = 10;

export interface PartitionOffsets {
  partition: number;
  /** First offset that retention has kept */
  low: number;
  /** Offset after the last record that can be read: records of an open transaction can't */
  end: number;
}

interface PartitionState {
  /** Offset that is read next; null until it is known */
  position: number | null;
  end: number;
  /** When the position moved last, or when there was nothing to read */
  progressAt: number;
}

export type ListedBatch = Pick<UnreadableBatch, 'codec' | 'firstOffset' | 'lastOffset' | 'problem'> & {
  topic: string;
  partition: number;
};

/**
 * Health of a consumer, for readiness. Lag is computed from the position: offsets without a message (transaction markers,
 * aborted transactions, compacted records) count as read once the position has passed them. Times are ms since 1970.
 */
export class ConsumerHealth {
  private inGroup = false;
  private endedAt: number | null = null;
  private readonly partitions = new Map<number, PartitionState>();
  private unreadable: ListedBatch[] = [];

  constructor(private readonly topic: string) {}

  /** @param restarts whether kafkajs restarts it: after an outage, but not after a programming error */
  crashed(now: number, restarts: boolean): void {
    this.inGroup = false;
    if (!restarts) this.endedAt ??= now;
  }

  /** @returns partitions that are no longer assigned */
  joined(now: number, assigned: number[]): number[] {
    this.inGroup = true;
    this.endedAt = null;
    const revoked = [...this.partitions.keys()].filter((partition) => !assigned.includes(partition));
    for (const partition of revoked) this.partitions.delete(partition);
    for (const partition of assigned) {
      // A partition that was assigned before has made no progress by joining again.
      const state = this.partitions.get(partition) ?? { position: null, end: 0, progressAt: now };
      this.partitions.set(partition, state);
    }
    return revoked;
  }

  assigned(): number[] {
    return [...this.partitions.keys()];
  }

  /** A retry after an outage is no stall, nor is a pause while too many tickets wait to be ranked. */
  waiting(now: number, partition: number): void {
    const state = this.partitions.get(partition);
    if (state) state.progressAt = now;
  }

  /** Offset that is read next; null if unknown */
  position(partition: number): number | null {
    return this.partitions.get(partition)?.position ?? null;
  }

  /** The position has moved. */
  read(now: number, partition: number, position: number): void {
    const state = this.partitions.get(partition);
    if (!state) return;
    if (state.position !== position) state.progressAt = now;
    state.position = position;
  }

  /** The partition ends there. @returns the lag; null if the position is unknown */
  ends(now: number, partition: number, end: number): number | null {
    const state = this.partitions.get(partition);
    if (!state) return null;
    // The time without progress begins when there is something to read.
    if (lagOf(state) === 0) state.progressAt = now;
    state.end = end;
    return state.position === null ? null : lagOf(state);
  }

  foundUnreadable(batch: ListedBatch): void {
    this.unreadable = [batch, ...this.unreadable].slice(0, maxUnreadable);
  }

  /** Record batches that could not be read since the start, the newest first: they are dead letters. */
  unreadableBatches(): ListedBatch[] {
    return this.unreadable;
  }

  /** Whether it is a member of its group and gets messages */
  isMember(): boolean {
    return this.inGroup;
  }

  /** When it stopped without a restart; null while it runs or restarts */
  endedSince(): number | null {
    return this.endedAt;
  }

  /** Where records wait and nothing has been read for a minute; null if nowhere */
  stall(now: number): string | null {
    for (const [partition, state] of this.partitions) {
      if (lagOf(state) === 0 || now - state.progressAt <= stallTimeoutMs) continue;
      const seconds = Math.round((now - state.progressAt) / 1000);
      return `stalled: ${this.topic}/${partition} has a lag of ${lagOf(state)} and no progress from offset ${state.position ?? 0} for ${seconds} s`;
    }
    return null;
  }
}

const lagOf = ({ position, end }: PartitionState): number => Math.max(0, end - (position ?? end));
