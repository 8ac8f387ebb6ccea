import type { Assessment, AssessmentSettings } from '../evaluation/assessment.js';
import { runJob, type JobOrder } from './job-process.js';
import { type JobProgress } from '../training/progress.js';
import { assessWorkerFile } from './worker-files.js';

/** @throws JobFailed with the reason, and for bad data file and line */
export function runAssessment(
  order: JobOrder<AssessmentSettings>,
  environment: NodeJS.ProcessEnv,
  onProgress: JobProgress,
): Promise<Assessment> {
  return runJob({ name: 'assessment', workerFile: assessWorkerFile, order, environment, onProgress });
}
