import { Injectable } from '@nestjs/common';
import { Gauge, Registry, type GaugeConfiguration } from 'prom-client';
import { DataSource } from 'typeorm';

/** Alerts, the last look and the signals, for Prometheus: read from the database, so every replica says the same. */
@Injectable()
export class MonitorMetrics {
  constructor(
    private readonly dataSource: DataSource,
    private readonly registry: Registry,
  ) {
    this.gauge(
      {
        name: 'replyrank_alerts',
        help: 'Alerts by state and cause',
        labelNames: ['state', 'cause', 'action', 'stream'],
      },
      `SELECT state, split_part(cause, ':', 1) AS cause, action, stream, count(*)::int AS value
         FROM alerts GROUP BY 1, 2, 3, 4`,
    );
    this.gauge(
      { name: 'replyrank_monitor_last_look_timestamp_seconds', help: 'When the monitor looked last' },
      'SELECT extract(epoch FROM looked_at)::float8 AS value FROM monitor_runner',
    );
    this.gauge(
      { name: 'replyrank_monitor_waiting', help: 'Ranked tickets that the monitor has not counted yet' },
      'SELECT count(*)::int AS value FROM observed_tickets WHERE bucket IS NULL',
    );
    this.gauge(
      { name: 'replyrank_monitor_waiting_seconds', help: 'Age of the oldest ranked ticket that is not counted yet' },
      `SELECT coalesce(extract(epoch FROM now() - min(occurred_at)), 0)::float8 AS value
         FROM observed_tickets WHERE bucket IS NULL`,
    );
    for (const name of ['statistic', 'threshold']) {
      this.gauge(
        {
          name: `replyrank_monitor_${name}`,
          help: `The ${name} of each signal, of all tickets that the model in service has ranked`,
          labelNames: ['signal', 'stream'],
        },
        `SELECT f ->> 'signal' AS signal, s.stream, (f ->> '${name}')::float8 AS value
           FROM monitor_states s, jsonb_array_elements(s.findings) AS f
          WHERE f #>> '{slice,by}' = 'all'
            AND s.model_version = (SELECT version FROM model_aliases WHERE alias = 'champion')`,
      );
    }
  }

  /** @param sql one row for each combination of labels, with its `value` */
  private gauge(configuration: GaugeConfiguration<string>, sql: string): void {
    const { dataSource, registry } = this;
    new Gauge({
      ...configuration,
      registers: [registry],
      async collect() {
        const rows: ({ value: number } & Record<string, string | number>)[] = await dataSource.query(sql);
        this.reset();
        for (const { value, ...labels } of rows) this.set(labels, value);
      },
    });
  }
}
