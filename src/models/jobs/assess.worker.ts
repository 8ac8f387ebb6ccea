/** The process of an assessment. */
import { assess } from '../evaluation/assessment.js';
import { serveJob } from './job-worker.js';

serveJob(assess);
