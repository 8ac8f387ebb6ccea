/** The program: `node dist/src/replyrank.js COMMAND`, in a build that is shipped without its sources. */
import { main } from './cli.js';

process.exitCode = await main(process.argv.slice(2));
