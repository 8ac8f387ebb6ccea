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

/** What readiness and metrics look at. */
@Injectable()
export class WatchedParts {
  constructor(
    readonly registry: Registry,
    readonly consumer: TicketConsumer,
    readonly model: ChampionService,
    readonly monitor: MonitorRunner,
  ) {}
}

/** For whoever watches over the service: is it alive, can it work, what does it count. */
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
    private readonly parts: WatchedParts,
  ) {}

  @Get('health/live')
  live() {
    return { status: 'ok' };
  }

  /** 200 where tickets are read, the database answers and a model is loaded; else 503, naming what is down. */
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
      // The driver's words name hosts, databases and users, and this is open to everybody.
      this.logger.warn(`the database does not answer: ${(error as Error).message}`);
      return check.down({ message: 'does not answer' });
    }
  }

  private consumer(): HealthIndicatorResult {
    const check = this.indicator.check('consumer');
    const { health } = this.parts.consumer;
    if (!health.isReading()) return check.down({ message: 'not a member of its group' });
    if (health.isStalled(Date.now())) return check.down({ message: 'messages wait, and nothing moves' });
    return check.up();
  }

  /** Never down: a replica whose monitor has stopped still answers agents. The alarm is its absence in the metrics. */
  private monitor(): HealthIndicatorResult {
    return this.indicator.check('monitor').up({ running: this.parts.monitor.isRunning(Date.now()) });
  }

  private model(): HealthIndicatorResult {
    const check = this.indicator.check('model');
    const { state, version, device } = this.parts.model.status();
    return state === 'running' && version !== null ? check.up({ version, device }) : check.down({ message: state });
  }
}
