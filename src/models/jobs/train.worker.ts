/** The training process. */
import { serveJob } from './job-worker.js';
import { trainModel, type TrainingSettings } from '../training/train-model.js';

serveJob(({ tf, encoder }, settings: TrainingSettings, onProgress) => trainModel(tf, encoder, settings, onProgress));
