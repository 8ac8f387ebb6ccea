import type { DecisionSettings } from '../../monitoring/decisions/retrain-decision.js';
import type { GateSettings } from '../comparison/promotion.js';
import type { AgentSettings } from './simulated-agents.js';

export interface SimulationSettings {
  agents: AgentSettings;
  decisions: DecisionSettings;
  gates: GateSettings;
  monitor: { ticketsToFalseAlarm: number; smallestEffect: number };
  /** A cron pattern, UTC: the floor of the policy `decision` */
  schedule: string | undefined;
  labelDays: number;
  minTrustedLabels: number;
}
