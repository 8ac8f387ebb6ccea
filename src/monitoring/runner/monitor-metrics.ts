import { Injectable } from '@nestjs/common';
import { Gauge, Registry, type GaugeConfiguration } from 'prom-client';
import { DataSource } from 'typeorm';
import { championSql } from '../../suggest/requests/champion.js';

/** Alerts, progress and signals for Prometheus: read from the database, so that every replica exports the same. */
@Injectable()
export class MonitorMetrics {
  constructor(
    private readonly dataSource: DataSource,
    private readonly registry: Registry,
  ) {
    this.gauge(
      {
        name: 'replyrank_alerts',
        help: 'Number of alerts by state, cause, proposed action and stream',
        labelNames: ['state', 'cause', 'action', 'stream'],
      },
      `SELECT state, split_part(cause, ':', 1) AS cause, action, stream, count(*)::int AS value
         FROM alerts GROUP BY 1, 2, 3, 4`,
    );
    this.gauge(
      { name: 'replyrank_monitor_last_run_timestamp_seconds', help: 'Unix time of the last run of the drift monitor' },
      'SELECT extract(epoch FROM last_run_at)::float8 AS value FROM monitor_runner',
    );
    this.gauge(
      { name: 'replyrank_monitor_backlog_tickets', help: 'Ranked tickets that the drift monitor has not counted yet' },
      'SELECT count(*)::int AS value FROM observed_tickets WHERE window_id IS NULL',
    );
    this.gauge(
      { name: 'replyrank_monitor_lag_seconds', help: 'Age of the oldest ranked ticket that is not counted yet' },
      `SELECT coalesce(extract(epoch FROM now() - min(occurred_at)), 0)::float8 AS value
         FROM observed_tickets WHERE window_id IS NULL`,
    );
    for (const name of ['statistic', 'threshold']) {
      this.gauge(
        {
          name: `replyrank_monitor_${name}`,
          help: `${name === 'statistic' ? 'Test statistic' : 'Alarm threshold'} of each signal, over all tickets ranked by the serving model`,
          labelNames: ['signal', 'stream'],
        },
        `SELECT f ->> 'signal' AS signal, s.stream, (f ->> '${name}')::float8 AS value
           FROM monitor_states s, jsonb_array_elements(s.findings) AS f
          WHERE f #>> '{slice,by}' = 'all'
            AND s.model_version = ${championSql}`,
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
