import type { DecisionSettings } from '../../monitoring/decisions/retrain-decision.js';
import type { ChangeDetectorSettings } from '../../monitoring/detection/change-detector.js';
import type { GateSettings } from '../comparison/promotion.js';
import type { AgentSettings } from './simulated-agents.js';

export type MonitorSettings = Required<Pick<ChangeDetectorSettings, 'minTicketsPerFalseAlarm' | 'minEffect'>>;

export interface SimulationSettings {
  agents: AgentSettings;
  decisions: DecisionSettings;
  gates: GateSettings;
  monitor: MonitorSettings;
  /** Cron pattern (UTC) of scheduled retraining in the policy `decision` */
  schedule: string | undefined;
  labelDays: number;
  minTrustedLabels: number;
}
