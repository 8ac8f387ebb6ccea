import type { EntityManager } from 'typeorm';
import { AuditEntry } from '../records/access/audit-entry.entity.js';

/** Writes down who changed what, in the transaction of the change. `detail` never holds a ticket's text. */
export async function recordAudit(
  manager: EntityManager,
  entry: { actor: string; action: string; target: string; detail?: object },
): Promise<void> {
  await manager.getRepository(AuditEntry).insert({ at: new Date(), detail: {}, ...entry });
}

/** Who acts where no person does. */
export const monitorActor = 'monitor';
export const runActor = 'training run';
