/**
 * What the monitor keeps of a ticket after its rows are gone: a bucket's sample holds hashes of its key and its text, and where
 * its embedding lies; a watch's state the hash of its text, while that is among the last. `forget` takes them out.
 */
import type { EntityManager } from 'typeorm';
import { copyBands } from '../../models/features/text-facts.js';
import { lockInTransaction } from '../../database/advisory-locks.js';
import { decoded, encoded } from '../observations/base64-numbers.js';
import type { StoredFilter } from '../observations/near-duplicates.js';
import type { Watched } from '../observations/observation-rows.js';
import { hash53 } from '../reference/ticket-coding.js';
import type { StoredWindow } from '../detection/window-sums.js';

/** A window without these tickets, and the hashes of their texts. Needs no reference: each ticket is a stripe of each array. */
export function withoutTickets(
  stored: StoredWindow,
  keys: ReadonlySet<number>,
): { window: StoredWindow; fingerprints: number[] } | null {
  const all = new Float64Array(decoded(stored.keys));
  const kept = [...all.keys()].filter((index) => !keys.has(all[index] as number));
  if (kept.length === all.length) return null;
  const without = (text: string, bytesOfOne: number): string => {
    const bytes = new Uint8Array(decoded(text));
    const left = new Uint8Array(kept.length * bytesOfOne);
    kept.forEach((from, to) => {
      left.set(bytes.subarray(from * bytesOfOne, (from + 1) * bytesOfOne), to * bytesOfOne);
    });
    return encoded(left);
  };
  const fingerprints = new Float64Array(decoded(stored.fingerprints));
  return {
    window: {
      ...stored,
      keys: without(stored.keys, 8),
      fingerprints: without(stored.fingerprints, 8),
      ...(stored.bands !== undefined && { bands: without(stored.bands, 4 * copyBands) }),
      times: without(stored.times, 8),
      values: without(stored.values, 4 * stored.measures),
      points: without(stored.points, 2 * stored.dims),
      memberships: without(stored.memberships, stored.slices),
    },
    fingerprints: [...fingerprints].filter((_, index) => keys.has(all[index] as number)),
  };
}

/**
 * Belongs into the transaction that erases the rows. The monitor waits for it, and reads its state anew.
 *
 * @param tickets `source:ticketId`
 */
export async function forgetCounted(manager: EntityManager, tickets: readonly string[]): Promise<void> {
  if (tickets.length === 0) return;
  await lockInTransaction(manager, 'monitor');
  const keys = new Set(tickets.map(hash53));
  const fingerprints = new Set<number>();
  const numbers: { number: number }[] = await manager.query('SELECT number FROM monitor_buckets ORDER BY number');
  for (const { number } of numbers) {
    const [row]: { sums: StoredWindow }[] = await manager.query('SELECT sums FROM monitor_buckets WHERE number = $1', [
      number,
    ]);
    const left = row && withoutTickets(row.sums, keys);
    if (!left) continue;
    for (const fingerprint of left.fingerprints) fingerprints.add(fingerprint);
    await manager.query('UPDATE monitor_buckets SET sums = $2 WHERE number = $1', [number, left.window]);
  }
  await forgetFingerprints(manager, fingerprints);
}

/** A state that has changed is another bucket's: no thread goes on with what it has in memory. */
async function forgetFingerprints(manager: EntityManager, fingerprints: ReadonlySet<number>): Promise<void> {
  const states: (Watched & Pick<StoredFilter, 'filter'> & { bands: string | null })[] = await manager.query(
    `SELECT model_version AS "modelVersion", stream, state #> '{watch,filter}' AS filter, state #>> '{watch,bands}' AS bands
       FROM monitor_states WHERE state #> '{watch,filter}' IS NOT NULL`,
  );
  for (const { modelVersion, stream, filter, bands } of states) {
    const kept = [...filter.keys()].filter((at) => !fingerprints.has(filter[at] as number));
    if (kept.length === filter.length) continue;
    const all = new Uint32Array(decoded(bands ?? ''));
    const left = new Uint32Array(kept.length * copyBands);
    kept.forEach((from, to) => {
      left.set(all.subarray(from * copyBands, (from + 1) * copyBands), to * copyBands);
    });
    await manager.query(
      `UPDATE monitor_states SET state = jsonb_set(state || jsonb_build_object('bucket', nextval('monitor_bucket_numbers')),
              '{watch}', (state -> 'watch') || $3::jsonb)
        WHERE model_version = $1 AND stream = $2`,
      [modelVersion, stream, JSON.stringify({ filter: kept.map((at) => filter[at]), bands: encoded(left) })],
    );
  }
}
