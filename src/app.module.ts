import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { AuditLogController } from './access/audit-log.controller.js';
import { AccessGuard } from './access/access.guard.js';
import { AccessService } from './access/access.service.js';
import { ProblemFilter, validationProblem } from './http/problem.filter.js';
import { EmbeddingController } from './access/embedding.controller.js';
import { OidcService } from './access/oidc.service.js';
import { SessionController } from './access/session.controller.js';
import { SignInController } from './access/sign-in.controller.js';
import { childEnvironment, CONFIG, type ServiceConfig } from './config/config.js';
import { HealthController, MonitoredParts } from './health.controller.js';
import { ChoiceConsumer } from './ingest/choice.consumer.js';
import { IngestMetrics } from './ingest/ingest-metrics.js';
import { connectKafka, KAFKA } from './ingest/kafka.js';
import { OutboxRelay } from './ingest/outbox-relay.service.js';
import { TicketConsumer } from './ingest/ticket.consumer.js';
import { modelWorkerFile } from './models/jobs/worker-files.js';
import { ModelProcess } from './models/serving/model-process.js';
import { AgreementController } from './monitoring/quality/agreement.controller.js';
import { AgreementQuery } from './monitoring/quality/agreement.query.js';
import { AlertsController } from './monitoring/alerts/alerts.controller.js';
import { AlertsService } from './monitoring/alerts/alerts.service.js';
import { DecisionsController } from './monitoring/decisions/decisions.controller.js';
import { DecisionsService } from './monitoring/decisions/decisions.service.js';
import { DriftController } from './monitoring/runner/drift.controller.js';
import { DriftQuery } from './monitoring/runner/drift.query.js';
import { CounterThread } from './monitoring/runner/counter-thread.js';
import { AlertDiagnosisService } from './monitoring/runner/alert-diagnosis.service.js';
import { LabelQueueController } from './monitoring/quality/label-queue.controller.js';
import { LabelQueueQuery } from './monitoring/quality/label-queue.query.js';
import { MonitorTick } from './monitoring/runner/monitor-tick.service.js';
import { MonitorRunner } from './monitoring/runner/monitor-runner.service.js';
import { MonitorMetrics } from './monitoring/runner/monitor-metrics.js';
import { QualityController } from './monitoring/quality/quality.controller.js';
import { QualityQuery } from './monitoring/quality/quality.query.js';
import { WebhookSender } from './monitoring/alerts/webhook-sender.service.js';
import { FirstModel } from './retrain/runs/first-model.service.js';
import { RolloutWatch } from './retrain/rollout/rollout-watch.service.js';
import { ScheduleQuery } from './retrain/runs/schedule.query.js';
import { TrainingRunner } from './retrain/runs/training-runner.service.js';
import { TrainingRunsController } from './retrain/runs/training-runs.controller.js';
import { TrainingRunsService } from './retrain/runs/training-runs.service.js';
import { ChoicesService } from './suggest/choices/choices.service.js';
import { EventsController } from './events/events.controller.js';
import { EventsService } from './events/events.service.js';
import { RankingExplanation } from './suggest/tickets/ranking-explanation.service.js';
import { FlagsController } from './suggest/templates/flags.controller.js';
import { FlagsService } from './suggest/templates/flags.service.js';
import { EmbeddingBackfill } from './suggest/tickets/embedding-backfill.service.js';
import { InferenceController } from './suggest/ranking/inference.controller.js';
import { LabelsController } from './suggest/choices/labels.controller.js';
import { ChampionService } from './suggest/versions/champion.service.js';
import { VersionsService } from './suggest/versions/versions.service.js';
import { VersionsController } from './suggest/versions/versions.controller.js';
import { RankController } from './suggest/ranking/rank.controller.js';
import { RankingLoop } from './suggest/ranking/ranking-loop.service.js';
import { RetentionService } from './suggest/retention/retention.service.js';
import { SimilarTicketsQuery } from './suggest/tickets/similar.query.js';
import { SuspectedLabelsQuery } from './suggest/choices/suspected-labels.query.js';
import { TemplateFileController } from './suggest/templates/template-file.controller.js';
import { TemplateFileService } from './suggest/templates/template-file.service.js';
import { TemplateStatisticsController } from './suggest/templates/template-statistics.controller.js';
import { TemplateStatisticsQuery } from './suggest/templates/template-statistics.query.js';
import { TemplatesController } from './suggest/templates/templates.controller.js';
import { TemplatesService } from './suggest/templates/templates.service.js';
import { TicketsController } from './suggest/tickets/tickets.controller.js';
import { TicketsQueryService } from './suggest/tickets/tickets.query.js';

const controllers = [
  AgreementController,
  AlertsController,
  AuditLogController,
  DecisionsController,
  DriftController,
  EmbeddingController,
  EventsController,
  FlagsController,
  HealthController,
  InferenceController,
  LabelQueueController,
  LabelsController,
  VersionsController,
  QualityController,
  RankController,
  SessionController,
  SignInController,
  TemplateFileController,
  TemplateStatisticsController,
  TemplatesController,
  TicketsController,
  TrainingRunsController,
];

const services = [
  AccessGuard,
  AccessService,
  AgreementQuery,
  AlertsService,
  ChoiceConsumer,
  ChoicesService,
  DecisionsService,
  DriftQuery,
  EventsService,
  RankingExplanation,
  AlertDiagnosisService,
  FirstModel,
  FlagsService,
  EmbeddingBackfill,
  IngestMetrics,
  LabelQueueQuery,
  ChampionService,
  MonitorTick,
  VersionsService,
  MonitorMetrics,
  MonitorRunner,
  OidcService,
  OutboxRelay,
  QualityQuery,
  RankingLoop,
  RetentionService,
  RolloutWatch,
  ScheduleQuery,
  SimilarTicketsQuery,
  SuspectedLabelsQuery,
  TemplateFileService,
  TemplateStatisticsQuery,
  TemplatesService,
  TicketConsumer,
  TicketsQueryService,
  TrainingRunner,
  TrainingRunsService,
  MonitoredParts,
  WebhookSender,
];

/** The only application module. main.ts, not Nest, starts and stops background work, in order. */
@Module({})
export class AppModule {
  /** @param dataSource connected; the caller closes it */
  static forService(config: ServiceConfig, dataSource: DataSource): DynamicModule {
    return {
      module: AppModule,
      // The response has the failure, and the failing part logs it.
      imports: [TerminusModule.forRoot({ logger: false }), rateLimit(config)],
      controllers,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: DataSource, useValue: dataSource },
        { provide: Registry, useFactory: () => new Registry() },
        { provide: KAFKA, useFactory: () => connectKafka(config) },
        { provide: CounterThread, useFactory: () => new CounterThread() },
        { provide: ModelProcess, useFactory: () => modelProcess(config) },
        { provide: APP_GUARD, useClass: ThrottlerGuard },
        { provide: APP_GUARD, useExisting: AccessGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useValue: new StandardSchemaValidationPipe({ exceptionFactory: validationProblem }) },
        ...services,
      ],
    };
  }
}

/** Limits a client's requests to all routes together; by default, the module limits each route separately. */
function rateLimit({ HTTP_RATE_LIMIT: limit }: ServiceConfig): DynamicModule {
  return ThrottlerModule.forRoot({ throttlers: [{ ttl: 60_000, limit }], generateKey: (_context, client) => client });
}

function modelProcess(config: ServiceConfig): ModelProcess {
  return new ModelProcess({
    settings: { encoderDir: config.ENCODER_DIR, cacheDir: config.STORE_DIR, device: config.tensorflow.device },
    workerFile: modelWorkerFile,
    environment: childEnvironment(config.tensorflow.environment),
    maxBatch: config.MODEL_MAX_BATCH,
    maxWaitMs: config.MODEL_MAX_WAIT_MS,
    maxQueue: config.MODEL_MAX_QUEUE,
  });
}
