/** The training process. */
import { serveJob } from './job-worker.js';
import { trainModel } from '../training/train-model.js';
import { type TrainingSettings } from '../training/training-settings.js';

serveJob(({ tf, encoder }, settings: TrainingSettings, onProgress) => trainModel(tf, encoder, settings, onProgress));
