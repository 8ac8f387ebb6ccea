/** The process that makes a drift reference: `FOLDER SEED` */
import { constants, setPriority } from 'node:os';
import { makeReference } from './model-reference.js';

setPriority(constants.priority.PRIORITY_LOW);
const [folder = '', seed = '1'] = process.argv.slice(2);
try {
  await makeReference(folder, Number(seed));
} catch (error) {
  process.send?.(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
process.disconnect();
