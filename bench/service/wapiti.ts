/** Runs Wapiti on a running service and returns its findings. Only modules that contact nothing but the service. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';

export interface Attack {
  /** The program */
  wapiti: string;
  /** An existing folder for the files of this run */
  folder: string;
  url: string;
  document: OpenAPIObject;
  /** `name=value` of a session; null: signed out */
  cookie: string | null;
  /** Maximum time per module, s */
  maxSeconds: number;
}

export interface Vulnerabilities {
  /** Addresses that were attacked */
  addresses: number;
  /** Kind and place of each */
  vulnerabilities: string[];
  serverErrors: string[];
}

const modules = ['backup', 'cookieflags', 'crlf', 'csp', 'csrf', 'exec', 'file', 'htaccess', 'http_headers'];
modules.push('methods', 'permanentxss', 'redirect', 'sql', 'timesql', 'upload', 'xss');
/** Would end the session; never ends. */
const excluded = ['/api/v1/sign-out', '/api/v1/events'];

interface Finding {
  method: string;
  path: string;
  parameter: string;
  info: string;
}
interface Report {
  infos: { crawled_pages_nbr: number };
  vulnerabilities: Record<string, Finding[]>;
  anomalies: Record<string, Finding[]>;
}

/** @throws Error if Wapiti itself fails */
export async function attack(order: Attack): Promise<Vulnerabilities> {
  const { folder, url, cookie } = order;
  const [document, report] = [join(folder, 'openapi.json'), join(folder, 'report.json')];
  writeFileSync(document, JSON.stringify({ ...order.document, servers: [{ url }] }));
  const words = ['--url', `${url}/`, '--swagger', document, '--module', modules.join(',')];
  for (const path of excluded) words.push('--exclude', url + path);
  // A change by session must come from a page of the service.
  if (cookie) words.push('--cookie-value', cookie, '--header', `Origin: ${url}`);
  words.push('--store-session', join(folder, 'session'), '--store-config', join(folder, 'config'));
  // The callback endpoint for out-of-band checks: nothing listens there.
  words.push('--endpoint', 'http://127.0.0.1:9/', '--no-bugreport', '--flush-session');
  words.push('--max-attack-time', String(order.maxSeconds), '--format', 'json', '--output', report);
  const child = spawn(order.wapiti, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  writeFileSync(join(folder, 'said.txt'), said.join(''));
  if (code !== 0) throw new Error(`wapiti exited with ${code}: ${said.join('').slice(-2000)}`);
  const { infos, vulnerabilities, anomalies } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  return {
    addresses: infos.crawled_pages_nbr,
    vulnerabilities: listed(vulnerabilities),
    serverErrors: listed(anomalies),
  };
}

const listed = (findings: Record<string, Finding[]>): string[] =>
  Object.entries(findings).flatMap(([kind, of]) =>
    of.map(({ method, path, parameter, info }) => `${kind}: ${method} ${path} ${parameter} ${info}`),
  );
