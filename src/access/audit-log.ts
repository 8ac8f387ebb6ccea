import type { EntityManager } from 'typeorm';
import { AuditEntry } from '../records/access/audit-entry.entity.js';

/** Records who changed what, in the transaction of the change. `detail` never contains text of a ticket. */
export async function recordAudit(
  manager: EntityManager,
  entry: { actor: string; action: string; target: string; detail?: object },
): Promise<void> {
  await manager.getRepository(AuditEntry).insert({ at: new Date(), detail: {}, ...entry });
}

/** Actors that are not a person */
export const monitorActor = 'monitor';
export const runActor = 'training run';
