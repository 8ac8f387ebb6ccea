import { Controller, Get, Header, HttpStatus, Injectable, Logger, Res, type HttpException } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import { HealthCheckService, HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { Response } from 'express';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { Public } from './access/roles.js';
import { TicketConsumer } from './ingest/ticket.consumer.js';
import { MonitorRunner } from './monitoring/runner/monitor-runner.service.js';
import { ChampionService } from './suggest/versions/champion.service.js';

/** The parts that readiness and metrics depend on */
@Injectable()
export class MonitoredParts {
  constructor(
    readonly registry: Registry,
    readonly consumer: TicketConsumer,
    readonly model: ChampionService,
    readonly monitor: MonitorRunner,
  ) {}
}

/** Liveness, readiness and metrics */
@ApiExcludeController()
@SkipThrottle()
@Public()
@Controller()
export class HealthController {
  private readonly logger = new Logger('Health');

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
    private readonly dataSource: DataSource,
    private readonly parts: MonitoredParts,
  ) {}

  @Get('health/live')
  live() {
    return { status: 'ok' };
  }

  /** 200 if tickets are consumed, the database responds and a model is loaded; otherwise 503 with the parts that are down. */
  @Get('health/ready')
  async ready(@Res({ passthrough: true }) response: Response) {
    const result = await this.health
      .check([() => this.database(), () => this.consumer(), () => this.model(), () => this.monitor()])
      .catch((error: unknown) => (error as HttpException).getResponse() as { status: string });
    response.status(result.status === 'ok' ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    return result;
  }

  @Get('metrics')
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  metrics(): Promise<string> {
    return this.parts.registry.metrics();
  }

  private async database(): Promise<HealthIndicatorResult> {
    const check = this.indicator.check('database');
    try {
      await this.dataSource.query('SELECT 1');
      return check.up();
    } catch (error) {
      // The driver's message contains hosts, databases and users, and this route is public.
      this.logger.warn(`the database is unavailable: ${(error as Error).message}`);
      return check.down({ message: 'unavailable' });
    }
  }

  private consumer(): HealthIndicatorResult {
    const check = this.indicator.check('consumer');
    const { health } = this.parts.consumer;
    if (!health.isMember()) return check.down({ message: 'not a member of its consumer group' });
    const stall = health.stall(Date.now());
    // A batch that can't be read is a dead letter and keeps nothing else from being read: a restart would not help.
    const unreadableBatches = health.unreadableBatches();
    if (stall !== null) return check.down({ message: stall, unreadableBatches });
    return check.up({ unreadableBatches });
  }

  /** Never down: a replica without a running monitor still serves agents. Alert on its metrics instead. */
  private monitor(): HealthIndicatorResult {
    return this.indicator.check('monitor').up({ running: this.parts.monitor.isRunning(Date.now()) });
  }

  private model(): HealthIndicatorResult {
    const check = this.indicator.check('model');
    const { state, version, device } = this.parts.model.status();
    return state === 'running' && version !== null ? check.up({ version, device }) : check.down({ message: state });
  }
}
