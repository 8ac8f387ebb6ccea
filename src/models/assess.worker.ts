/** The process of an assessment. */
import { assess } from './assessment.js';
import { serveJob } from './job-worker.js';

serveJob(assess);
