/**
 * npm run bench -- scan [--examples 50] [--seed 1] [--attack-seconds 60]
 *
 * What schemathesis and Wapiti find in the running service.
 *
 * 1. schemathesis on the OpenAPI document, with a token of each role and with none: server errors, undocumented responses, and routes
 *     reachable without their role;
 *  2. Wapiti on every address of the document and on the pages, signed in as an admin and signed out.
 * Runs on a copy of the sample, with a broker, a database and a model. Prints one JSON line, findings on stderr; exits with 1 on a finding.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { roles } from '../../src/records/access/api-token.entity.js';
import { ownSample } from './own-sample.js';
import { pythonBin } from '../support/python.js';
import { scan, withKnownValues, type Findings } from './schemathesis.js';
import { startServers } from '../support/servers.js';
import { benchDir, freePort, prepareSample, log, ServiceProcess } from '../support/service.js';
import { attack, type Vulnerabilities } from './wapiti.js';
import { fillService, type FilledService } from './scanned-service.js';

const { values: options } = parseArgs({
  options: {
    examples: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    'attack-seconds': { type: 'string', default: '60' },
  },
});

prepareSample();
const schemathesis = join(await pythonBin('service/schemathesis', '100 MB'), 'schemathesis');
const wapiti = join(await pythonBin('service/wapiti', '200 MB'), 'wapiti');
const servers = await startServers(benchDir);
const sample = await ownSample(servers, 'scan');
// Rate-limited responses would hide the others.
const service = new ServiceProcess(await freePort(), { ...sample.environment, HTTP_RATE_LIMIT: '10000000' });
const folder = mkdtempSync(join(tmpdir(), 'replyrank-bench-scan-'));

try {
  await service.start();
  const scanned = await fillService(service.url, sample);
  const found = await scanAll(scanned);
  const weaknesses = await attackAll(scanned);
  const faults = Object.entries({ ...found, ...weaknesses }).flatMap(([caller, of]) =>
    Object.values(of as object)
      .filter(Array.isArray)
      .flat()
      .map((fault) => `${caller}: ${String(fault)}`),
  );
  for (const fault of faults) log(fault);
  const counted = { schemathesis: total(counts(found)), wapiti: total(counts(weaknesses)) };
  process.stdout.write(`${JSON.stringify({ bench: 'scan', passed: faults.length === 0, ...counted })}\n`);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  await service.stop();
  await sample.remove();
  await servers.stop();
}

async function scanAll({ tokens, document, known }: FilledService): Promise<Record<string, Findings>> {
  const found: Record<string, Findings> = {};
  for (const role of [null, ...roles]) {
    const caller = role ?? 'nobody';
    log(`bench: schemathesis as ${caller}`);
    found[caller] = await scan({
      schemathesis,
      folder: folderOf(caller),
      url: service.url,
      document: withKnownValues(document, known),
      caller: role && { role, token: tokens[role] },
      examples: Number(options.examples),
      seed: Number(options.seed),
    });
  }
  return found;
}

async function attackAll({ document, cookie }: FilledService): Promise<Record<string, Vulnerabilities>> {
  const weaknesses: Record<string, Vulnerabilities> = {};
  for (const caller of ['signedIn', 'notSignedIn']) {
    log(`bench: Wapiti, ${caller}`);
    weaknesses[caller] = await attack({
      wapiti,
      folder: folderOf(caller),
      url: service.url,
      document,
      cookie: caller === 'signedIn' ? cookie : null,
      maxSeconds: Number(options['attack-seconds']),
    });
  }
  return weaknesses;
}

function folderOf(caller: string): string {
  const own = join(folder, caller);
  mkdirSync(own);
  return own;
}

type Counts = Record<string, unknown>;

/** Replaces lists by their lengths. */
function counts(of: Record<string, object>): Record<string, Counts> {
  const counted = (one: object): Counts =>
    Object.fromEntries(Object.entries(one).map(([name, value]) => [name, Array.isArray(value) ? value.length : value]));
  return Object.fromEntries(Object.entries(of).map(([caller, one]) => [caller, counted(one)]));
}

/** Findings and cases summed over callers; operations and addresses are the same for each. */
function total(byCaller: Record<string, Counts>): Counts {
  const sums: Record<string, number> = {};
  for (const one of Object.values(byCaller)) {
    for (const [name, value] of Object.entries(one)) {
      if (typeof value !== 'number') continue;
      const isShared = name === 'operations' || name === 'addresses';
      sums[name] = isShared ? Math.max(sums[name] ?? 0, value) : (sums[name] ?? 0) + value;
    }
  }
  return { ...sums, byCaller };
}
