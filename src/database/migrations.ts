import { Foundation1795392000000 } from '../../migrations/1795392000000-foundation.js';
import { Monitoring1795564800000 } from '../../migrations/1795564800000-monitoring.js';
import { Users1795600000000 } from '../../migrations/1795600000000-users.js';
import { Flags1795650000000 } from '../../migrations/1795650000000-flags.js';
import { TrainingRuns1795700000000 } from '../../migrations/1795700000000-training-runs.js';
import { RolloutStanding1795750000000 } from '../../migrations/1795750000000-rollout-standing.js';
import { MergedTemplates1795800000000 } from '../../migrations/1795800000000-merged-templates.js';
import { TemplateStatistics1795820000000 } from '../../migrations/1795820000000-template-statistics.js';
import { FirstRuns1795850000000 } from '../../migrations/1795850000000-first-runs.js';
import { HandOver1795860000000 } from '../../migrations/1795860000000-hand-over.js';
import { FlagNotes1795870000000 } from '../../migrations/1795870000000-flag-notes.js';
import { MessageData1795900000000 } from '../../migrations/1795900000000-message-data.js';
import { LocalizedMessages1795950000000 } from '../../migrations/1795950000000-localized-messages.js';
import { RunStates1795980000000 } from '../../migrations/1795980000000-run-states.js';
import { JobRuns1795985000000 } from '../../migrations/1795985000000-job-runs.js';
import { MonitorWindows1795990000000 } from '../../migrations/1795990000000-monitor-windows.js';
import { RequestedBy1795995000000 } from '../../migrations/1795995000000-requested-by.js';

/** All migrations, oldest first. */
export const migrations = [
  Foundation1795392000000,
  Monitoring1795564800000,
  Users1795600000000,
  Flags1795650000000,
  TrainingRuns1795700000000,
  RolloutStanding1795750000000,
  MergedTemplates1795800000000,
  TemplateStatistics1795820000000,
  FirstRuns1795850000000,
  HandOver1795860000000,
  FlagNotes1795870000000,
  MessageData1795900000000,
  LocalizedMessages1795950000000,
  RunStates1795980000000,
  JobRuns1795985000000,
  MonitorWindows1795990000000,
  RequestedBy1795995000000,
] as const;
