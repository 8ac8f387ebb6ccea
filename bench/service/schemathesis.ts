/** Runs schemathesis on a running service, with one role or none, and returns its findings. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { OpenAPIObject } from '@nestjs/swagger';

/** Existing values of path parameters, by the path before them, such as `/api/v1/alerts/`. */
export type KnownValues = Record<string, (string | number)[]>;

interface Operation {
  parameters?: { name: string; schema: object }[];
  security?: object[];
  'x-roles'?: string[];
}

export interface Scan {
  /** The program */
  schemathesis: string;
  /** An existing folder for the files of this run */
  folder: string;
  url: string;
  document: OpenAPIObject;
  /** Null: no token is sent */
  caller: { role: string; token: string } | null;
  /** Maximum examples per operation, besides those at its limits */
  examples: number;
  seed: number;
}

export interface Findings {
  operations: number;
  cases: number;
  /** Responses of 500 and above, except 503 with Retry-After */
  serverErrors: string[];
  /** Responses that contradict the document */
  undeclared: string[];
  /** Requests that passed the guard without the required role */
  reachable: string[];
  /** Number of responses by status */
  statuses: Record<string, number>;
}

interface Exchange {
  request: { method: string; uri: string };
  response?: { status_code: number; content?: { $base64?: string } };
}
interface Line {
  ScenarioFinished?: { recorder: { label: string; interactions: Record<string, Exchange> } };
}
interface Report {
  operations: { tested: number };
  test_cases: { generated: number };
  failures: { title: string; operations: string[] }[];
}

/** A stream that never ends; test/access/http-roles.integration.test.ts covers it. */
const eventStream = '/api/v1/events';
/** Responses before authorization: malformed, too large, of another type, or rate-limited. */
const beforeAuthorization = new Set([400, 401, 403, 413, 415, 429]);

/** @throws Error if schemathesis itself fails */
export async function scan(order: Scan): Promise<Findings> {
  const { folder, caller } = order;
  const document = join(folder, 'openapi.json');
  writeFileSync(document, JSON.stringify(order.document));
  const [events, report] = [join(folder, 'events.ndjson'), join(folder, 'report.json')];
  const words = [
    '--config-file',
    resolve(import.meta.dirname, '../../../bench/service/schemathesis.toml'),
    'run',
    document,
  ];
  words.push('--url', order.url, '--exclude-path', eventStream, '--phases', 'coverage,fuzzing,stateful');
  words.push('--max-examples', String(order.examples), '--seed', String(order.seed), '--continue-on-failure');
  words.push('--generation-database', 'none', '--report-ndjson-path', events, '--report-json-path', report);
  if (caller) words.push('--header', `Authorization: Bearer ${caller.token}`);
  const child = spawn(order.schemathesis, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  writeFileSync(join(folder, 'said.txt'), said.join(''));
  // 1: there are findings.
  if (code > 1) throw new Error(`schemathesis exited with ${code}: ${said.join('').slice(-2000)}`);
  return collectFindings(order, JSON.parse(readFileSync(report, 'utf8')) as Report, events);
}

async function collectFindings({ document, caller }: Scan, report: Report, events: string): Promise<Findings> {
  const [serverErrors, reachable, statuses] = [new Set<string>(), new Set<string>(), new Map<number, number>()];
  const isOpen = allowedTo(document, caller?.role ?? null);
  for await (const line of createInterface({ input: createReadStream(events) })) {
    const exchanges = (JSON.parse(line) as Line).ScenarioFinished?.recorder.interactions ?? {};
    for (const { request, response } of Object.values(exchanges)) {
      if (!response) continue;
      const { status_code: status } = response;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const what = `${request.method} ${request.uri} responded ${status}`;
      if (status >= 500) serverErrors.add(what);
      if (!beforeAuthorization.has(status) && !isUnknownRoute(response) && !isOpen(request)) reachable.add(what);
    }
  }
  return {
    operations: report.operations.tested,
    cases: report.test_cases.generated,
    serverErrors: [...serverErrors],
    undeclared: report.failures.flatMap(({ title, operations }) => operations.map((one) => `${one}: ${title}`)),
    reachable: [...reachable],
    statuses: Object.fromEntries(statuses),
  };
}

/** @param role null: unauthenticated @returns whether the document allows a request by this role */
function allowedTo(document: OpenAPIObject, role: string | null): (request: Exchange['request']) => boolean {
  const paths = Object.entries(document.paths)
    .toSorted(([a], [b]) => a.split('{').length - b.split('{').length)
    .map(([path, methods]) => ({ pattern: new RegExp(`^${path.replace(/{\w+}/g, '[^/]+')}/?$`, 'i'), methods }));
  return ({ method, uri }) => {
    const { pathname } = new URL(uri);
    const methods = paths.find(({ pattern }) => pattern.test(pathname))?.methods;
    const asked = method.toLowerCase();
    const operation = methods?.[(asked === 'head' ? 'get' : asked) as 'get'] as Operation | undefined;
    if (operation?.security?.some((way) => Object.keys(way).length === 0)) return true;
    return role !== null && (operation?.['x-roles']?.includes(role) ?? false);
  };
}

/** The response for an unknown path or method. */
function isUnknownRoute({ status_code: status, content }: NonNullable<Exchange['response']>): boolean {
  if (status === 405) return true;
  if (status !== 404) return false;
  const text = Buffer.from(content?.$base64 ?? '', 'base64').toString();
  return /"detail":"Cannot [A-Z]+ /.test(text);
}

/** The document with existing values as path parameters, so that not every request is for a missing one. */
export function withKnownValues(document: OpenAPIObject, known: KnownValues): OpenAPIObject {
  const copy = structuredClone(document);
  for (const [path, methods] of Object.entries(copy.paths)) {
    for (const { parameters = [] } of Object.values(methods) as Operation[]) {
      for (const parameter of parameters) {
        const [before = '', after] = path.split(`{${parameter.name}}`);
        const values = after === undefined ? undefined : known[before];
        if (values) parameter.schema = { anyOf: [{ enum: values }, parameter.schema] };
      }
    }
  }
  return copy;
}
