/**
 * What the monitor keeps of a ticket after its rows are gone: a bucket's sample holds hashes of its key and its text, and where
 * its embedding lies; a watch's state the hash of its text, while that is among the last. `forget` takes them out.
 */
import type { EntityManager } from 'typeorm';
import { waitForMonitor } from './bucket-store.js';
import { hash53 } from './ticket-coding.js';
import { decoded, encoded, type StoredWindow } from './window-sums.js';

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
  await waitForMonitor(manager);
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
  await forgetFingerprints(manager, [...fingerprints]);
}

/** A state that has changed is another bucket's: no thread goes on with what it has in memory. */
async function forgetFingerprints(manager: EntityManager, fingerprints: number[]): Promise<void> {
  await manager.query(
    `UPDATE monitor_states m SET state = jsonb_set(
         jsonb_set(state, '{bucket}', to_jsonb(nextval('monitor_bucket_numbers'))),
         '{watch,filter}', coalesce((SELECT jsonb_agg(f ORDER BY place)
           FROM jsonb_array_elements(m.state #> '{watch,filter}') WITH ORDINALITY AS x (f, place)
          WHERE f <> ALL (ARRAY(SELECT jsonb_array_elements($1::jsonb)))), '[]'))
      WHERE EXISTS (SELECT 1 FROM jsonb_array_elements(m.state #> '{watch,filter}') AS f
                     WHERE f = ANY (ARRAY(SELECT jsonb_array_elements($1::jsonb))))`,
    [JSON.stringify(fingerprints)],
  );
}
