/**
 * Loaded before everything else in the processes of tests and in those that they start. Trainings and rankings give way to all
 * other work of their machine; where that is busy, a test would wait for them without end.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

os.setPriority = () => undefined;
syncBuiltinESMExports();
