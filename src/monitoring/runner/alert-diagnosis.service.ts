import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { CounterThread } from './counter-thread.js';
import { alertDiagnosis, noDiagnosis, type AlertDiagnosis } from '../diagnosis/alert-diagnosis.js';
import { classPriorLabels, type ClassPriorShift } from '../diagnosis/class-prior.js';
import { loadNewestCounted, loadNewestLabels, loadOutcomes, type StreamKey } from '../observations/observation-rows.js';
import { loadTrust } from '../labels/trust.query.js';

const windowTickets = 1_000;
/** Constant: the same window gives the same diagnosis. */
const seed = 1;

/** Diagnoses an alarm by the newest tickets, their texts and outcomes. */
@Injectable()
export class AlertDiagnosisService {
  constructor(
    @Inject(CONFIG) private readonly config: ServiceConfig,
    private readonly thread: CounterThread,
  ) {}

  /** The class prior by the newest labels; null where they show no shift. @param folder of the model in service */
  async estimateClassPrior(manager: EntityManager, folder: string): Promise<ClassPriorShift | null> {
    const labels = await loadNewestLabels(manager, classPriorLabels);
    return this.thread.estimateClassPrior({ folder, labels, trust: await loadTrust(manager) });
  }

  /** @param folder of the model that ranked them */
  async diagnose(manager: EntityManager, stream: StreamKey, folder: string): Promise<AlertDiagnosis> {
    const window = await loadNewestCounted(manager, { ...stream, limit: windowTickets });
    const outcomes = await loadOutcomes(
      manager,
      window.map(({ ticket }) => ticket),
    );
    const diagnosis = await this.thread.diagnose({
      folder,
      window: window.map(({ observation }) => observation),
      texts: window.map(({ observation, text }) => [observation.key, text]),
      outcomes,
      trust: await loadTrust(manager),
      seed,
      minLoss: this.config.RETRAIN_MIN_LOSS,
    });
    if (diagnosis === null) return noDiagnosis;
    const ticketIds = new Map(window.map(({ ticket, observation }) => [observation.key, ticket]));
    return alertDiagnosis(diagnosis, (key) => ticketIds.get(key) ?? null);
  }
}
