/** The process that makes a drift reference: `FOLDER SEED` */
import { constants, setPriority } from 'node:os';
import { makeReference } from './model-reference.js';

setPriority(constants.priority.PRIORITY_LOW);
const [folder = '', seed = '1'] = process.argv.slice(2);
await makeReference(folder, Number(seed));
process.disconnect();
