/** schemathesis on a running service, as one role or as nobody, and what it found. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { OpenAPIObject } from '@nestjs/swagger';

/** Values that are there, by what stands before them in a path, such as `/api/v1/alerts/`. */
export type KnownValues = Record<string, (string | number)[]>;

interface Operation {
  parameters?: { name: string; schema: object }[];
  security?: object[];
  'x-roles'?: string[];
}

export interface Scan {
  /** The program */
  schemathesis: string;
  /** A folder that is there, for the files of this run */
  folder: string;
  url: string;
  document: OpenAPIObject;
  /** Whose token is sent; null: none */
  caller: { role: string; token: string } | null;
  /** Most examples of one operation, beside those that cover its limits */
  examples: number;
  seed: number;
}

export interface Found {
  operations: number;
  cases: number;
  /** Answers of 500 and more, but for a model that is busy or away and says when to come again */
  serverErrors: string[];
  /** Answers that the document does not have, and what it says is accepted or refused and is not */
  undeclared: string[];
  /** Calls that have got past the guard and should not have */
  reachable: string[];
  /** Answers by their status */
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

/** Never ends: asked by test/http-roles.test.ts. */
const endless = '/api/v1/events';
/** Answered before anybody asks who calls: what is no request at all, too large, of another type, or too much. */
const beforeTheGuard = new Set([400, 401, 403, 413, 415, 429]);

/** @throws Error where schemathesis itself failed */
export async function scan(order: Scan): Promise<Found> {
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
  words.push('--url', order.url, '--exclude-path', endless, '--phases', 'coverage,fuzzing,stateful');
  words.push('--max-examples', String(order.examples), '--seed', String(order.seed), '--continue-on-failure');
  words.push('--generation-database', 'none', '--report-ndjson-path', events, '--report-json-path', report);
  if (caller) words.push('--header', `Authorization: Bearer ${caller.token}`);
  const child = spawn(order.schemathesis, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  writeFileSync(join(folder, 'said.txt'), said.join(''));
  // 1: something was found.
  if (code > 1) throw new Error(`schemathesis ended with ${code}: ${said.join('').slice(-2000)}`);
  return found(order, JSON.parse(readFileSync(report, 'utf8')) as Report, events);
}

async function found({ document, caller }: Scan, report: Report, events: string): Promise<Found> {
  const [serverErrors, reachable, statuses] = [new Set<string>(), new Set<string>(), new Map<number, number>()];
  const isOpen = openTo(document, caller?.role ?? null);
  for await (const line of createInterface({ input: createReadStream(events) })) {
    const exchanges = (JSON.parse(line) as Line).ScenarioFinished?.recorder.interactions ?? {};
    for (const { request, response } of Object.values(exchanges)) {
      if (!response) continue;
      const { status_code: status } = response;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const what = `${request.method} ${request.uri} answered ${status}`;
      if (status >= 500) serverErrors.add(what);
      if (!beforeTheGuard.has(status) && !isNoRoute(response) && !isOpen(request)) reachable.add(what);
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

/** @param role null: who does not say who they are @returns whether the document lets that caller make a request */
function openTo(document: OpenAPIObject, role: string | null): (request: Exchange['request']) => boolean {
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

/** A path, or a method of one, that the service does not have. */
function isNoRoute({ status_code: status, content }: NonNullable<Exchange['response']>): boolean {
  if (status === 405) return true;
  if (status !== 404) return false;
  const text = Buffer.from(content?.$base64 ?? '', 'base64').toString();
  return /"detail":"Cannot [A-Z]+ /.test(text);
}

/** The document with what is there among the values of its paths, so that not all that is asked for is missing. */
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
