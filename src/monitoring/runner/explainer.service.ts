import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { CounterThread } from './counter-thread.js';
import { explanationOf, unexplained, type Explanation } from '../diagnosis/explanation.js';
import { mixTickets, type LabelledMix } from '../diagnosis/labelled-mix.js';
import { newestCounted, newestLabels, outcomesOf, type Watched } from '../observations/observation-rows.js';
import { agentsTrust } from '../labels/trust.query.js';

const windowTickets = 1_000;
/** Always the same one: the same window gives the same explanation. */
const seed = 1;

/** Explains an alarm by the newest tickets, their texts, and what became of them. */
@Injectable()
export class Explainer {
  constructor(
    @Inject(CONFIG) private readonly config: ServiceConfig,
    private readonly thread: CounterThread,
  ) {}

  /** What labels say of the mix of questions; null where they say of no change. @param folder of the model in service */
  async mix(manager: EntityManager, folder: string): Promise<LabelledMix | null> {
    const labels = await newestLabels(manager, mixTickets);
    return this.thread.mix({ folder, labels, trust: await agentsTrust(manager) });
  }

  /** @param folder of the model that ranked them */
  async explain(manager: EntityManager, of: Watched, folder: string): Promise<Explanation> {
    const window = await newestCounted(manager, { ...of, limit: windowTickets });
    const outcomes = await outcomesOf(
      manager,
      window.map(({ ticket }) => ticket),
    );
    const evidence = await this.thread.explain({
      folder,
      window: window.map(({ observation }) => observation),
      texts: window.map(({ observation, text }) => [observation.key, text]),
      outcomes,
      trust: await agentsTrust(manager),
      seed,
      leastLoss: this.config.RETRAIN_MIN_LOSS,
    });
    if (evidence === null) return unexplained;
    const ticketOf = new Map(window.map(({ ticket, observation }) => [observation.key, ticket]));
    return explanationOf(evidence, (key) => ticketOf.get(key) ?? null);
  }
}
