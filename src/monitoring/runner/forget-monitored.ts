/**
 * What the monitor keeps of a ticket after its rows are erased: a window's sample holds hashes of its key and text, and its
 * projected embedding; the detectors' state holds the hash of its text while it is among the last. `forget` removes them.
 */
import type { EntityManager } from 'typeorm';
import { copyBands } from '../../models/features/text-facts.js';
import { lockInTransaction } from '../../database/advisory-locks.js';
import { decodeBase64, encodeBase64 } from '../observations/base64-numbers.js';
import type { StoredFilter } from '../observations/near-duplicates.js';
import type { StreamKey } from '../observations/observation-rows.js';
import { hash53 } from '../reference/ticket-coding.js';
import type { StoredWindow } from '../detection/window-sample.js';

/** A window without these tickets, and the hashes of their texts. Needs no reference: each ticket is a row of each array. */
export function removeTickets(
  stored: StoredWindow,
  keys: ReadonlySet<number>,
): { window: StoredWindow; fingerprints: number[] } | null {
  const all = new Float64Array(decodeBase64(stored.keys));
  const kept = [...all.keys()].filter((index) => !keys.has(all[index]!));
  if (kept.length === all.length) return null;
  const without = (text: string, bytesOfOne: number): string => {
    const bytes = new Uint8Array(decodeBase64(text));
    const left = new Uint8Array(kept.length * bytesOfOne);
    kept.forEach((from, to) => {
      left.set(bytes.subarray(from * bytesOfOne, (from + 1) * bytesOfOne), to * bytesOfOne);
    });
    return encodeBase64(left);
  };
  const fingerprints = new Float64Array(decodeBase64(stored.fingerprints));
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
    fingerprints: [...fingerprints].filter((_, index) => keys.has(all[index]!)),
  };
}

/**
 * Belongs to the transaction that erases the rows. The monitor waits for it and loads its state again.
 *
 * @param tickets `source:ticketId`
 */
export async function forgetMonitored(manager: EntityManager, tickets: readonly string[]): Promise<void> {
  if (tickets.length === 0) return;
  await lockInTransaction(manager, 'monitor');
  const keys = new Set(tickets.map(hash53));
  const fingerprints = new Set<number>();
  const windows: { id: number }[] = await manager.query('SELECT id FROM monitor_windows ORDER BY id');
  for (const { id } of windows) {
    const [row]: { sample: StoredWindow }[] = await manager.query('SELECT sample FROM monitor_windows WHERE id = $1', [
      id,
    ]);
    const remaining = row && removeTickets(row.sample, keys);
    if (!remaining) continue;
    for (const fingerprint of remaining.fingerprints) fingerprints.add(fingerprint);
    await manager.query('UPDATE monitor_windows SET sample = $2 WHERE id = $1', [id, remaining.window]);
  }
  await forgetFingerprints(manager, fingerprints);
}

/** A changed state gets a new window id, so that no thread continues with the one in its memory. */
async function forgetFingerprints(manager: EntityManager, fingerprints: ReadonlySet<number>): Promise<void> {
  const states: (StreamKey & Pick<StoredFilter, 'filter'> & { bands: string | null })[] = await manager.query(
    `SELECT model_version AS "modelVersion", stream, state #> '{detectors,filter}' AS filter,
            state #>> '{detectors,bands}' AS bands
       FROM monitor_states WHERE state #> '{detectors,filter}' IS NOT NULL`,
  );
  for (const { modelVersion, stream, filter, bands } of states) {
    const kept = [...filter.keys()].filter((at) => !fingerprints.has(filter[at]!));
    if (kept.length === filter.length) continue;
    const all = new Uint32Array(decodeBase64(bands ?? ''));
    const left = new Uint32Array(kept.length * copyBands);
    kept.forEach((from, to) => {
      left.set(all.subarray(from * copyBands, (from + 1) * copyBands), to * copyBands);
    });
    await manager.query(
      `UPDATE monitor_states SET state = jsonb_set(
           state || jsonb_build_object('windowId', nextval('monitor_window_ids')), '{detectors}', (state -> 'detectors') || $3::jsonb)
        WHERE model_version = $1 AND stream = $2`,
      [modelVersion, stream, JSON.stringify({ filter: kept.map((at) => filter[at]), bands: encodeBase64(left) })],
    );
  }
}
