/** The rules for Prometheus: each is PromQL, and speaks of what the service really says of itself. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IngestMetrics } from '../../src/ingest/ingest-metrics.js';
import { updateAlerts } from '../../src/monitoring/alerts/alert-store.js';
import { routesOnly, type TestApp } from '../support/app.js';

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

const file = resolve(import.meta.dirname, '../../docs/prometheus-rules.yml');
const { groups } = parse(readFileSync(file, 'utf8')) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules.map((rule) => ({ name: rule.alert ?? rule.record ?? '', rule })));

/** What of an expression is no PromQL, and the metrics and labels that it names. */
function read(expression: string): { errors: string[]; metrics: string[]; labels: string[] } {
  const found = { errors: [] as string[], metrics: [] as string[], labels: [] as string[] };
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      const text = expression.slice(from, to);
      if (type.isError) found.errors.push(`at ${from}: ${expression.slice(from, from + 20)}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') found.metrics.push(text);
      if (type.name === 'LabelName') found.labels.push(text);
    },
  });
  return found;
}

test('invalid PromQL is recognized', () => {
  expect(read('sum by (cause (rate(x[5m]))').errors).not.toEqual([]);
  expect(read('sum(rate(x{a="b"}[5m])) > 1')).toEqual({ errors: [], metrics: ['x'], labels: ['a'] });
});

describe('the rules', () => {
  let service: TestApp;
  let metrics = '';
  beforeAll(async () => {
    service = await routesOnly();
    await service.query(`INSERT INTO model_versions (version, folder, metadata) VALUES ('m-1', 'm-1', '{}')`);
    await service.query(`INSERT INTO model_aliases (alias, version) VALUES ('champion', 'm-1')`);
    await service.query('INSERT INTO monitor_runner (last_run_at) VALUES (now())');
    const finding = { signal: 'embedding', slice: { by: 'all', value: '' }, statistic: 3, threshold: 12 };
    await service.query(
      `INSERT INTO monitor_states (model_version, stream, findings) VALUES ('m-1', 'tickets', $1::jsonb)`,
      [JSON.stringify([finding])],
    );
    const seen = { cause: 'new-topic:', group: 'drift', action: 'label-first' as const, headline: 'One in ten' };
    await service.dataSource.transaction((manager) =>
      updateAlerts(manager, {
        modelVersion: 'm-1',
        stream: 'tickets',
        at: new Date(),
        causes: [{ ...seen, findings: [], evidence: {}, examples: [] }],
        groupOf: (cause) => cause,
        deliver: false,
      }),
    );
    const place = { topic: 'tickets', partition: '0' };
    const ingest = service.app.get(IngestMetrics);
    ingest.lostRecords.inc(place);
    ingest.unreadableBatches.inc({ ...place, codec: 'zstd' });
    metrics = (await service.request.get('/metrics')).text;
  });
  afterAll(() => service.stop());

  test.for(rules)('$name is PromQL over metrics that are there', ({ rule }) => {
    const { errors, metrics: named, labels } = read(rule.expr);
    expect(errors).toEqual([]);
    expect(named).not.toEqual([]);
    for (const name of named) expect(metrics).toContain(`# TYPE ${name} `);
    for (const label of labels) expect(metrics).toMatch(new RegExp(`\\{[^}]*\\b${label}="`));
  });

  test.for(rules.filter(({ rule }) => rule.alert))('$name says how bad it is and what to do', ({ rule }) => {
    expect(rule.labels?.severity).toMatch(/^(critical|warning)$/);
    expect(rule.for).toMatch(/^\d+m$/);
    expect(rule.annotations?.summary).toBeTruthy();
    expect(rule.annotations?.description).toBeTruthy();
  });

  test('have no two of the same name', () => {
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  });

  test('see an open alert, and the signal beside its threshold', () => {
    expect(metrics).toContain(
      'replyrank_alerts{state="open",cause="new-topic",action="label-first",stream="tickets"} 1',
    );
    expect(metrics).toContain('replyrank_monitor_statistic{signal="embedding",stream="tickets"} 3');
    expect(metrics).toContain('replyrank_monitor_threshold{signal="embedding",stream="tickets"} 12');
    expect(metrics).toMatch(/^replyrank_monitor_last_run_timestamp_seconds 1\d{9}/m);
  });
});
