/** The process of a hyperparameter search. */
import { serveJob } from './job-worker.js';
import { sweep, type SweepSettings } from '../training/sweep.js';

serveJob(({ tf, encoder }, settings: SweepSettings, onProgress) => sweep(tf, encoder, settings, onProgress));
