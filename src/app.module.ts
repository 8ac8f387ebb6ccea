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
import { ProblemFilter, validationProblem } from './access/problem.filter.js';
import { EmbeddingController } from './access/embedding.controller.js';
import { OidcService } from './access/oidc.service.js';
import { SessionController } from './access/session.controller.js';
import { SignInController } from './access/sign-in.controller.js';
import { childEnvironment, CONFIG, type ServiceConfig } from './config.js';
import { HealthController, WatchedParts } from './health.controller.js';
import { ChoiceConsumer } from './ingest/choice.consumer.js';
import { IngestMetrics } from './ingest/ingest-metrics.js';
import { connectKafka, KAFKA } from './ingest/kafka.js';
import { OutboxRelay } from './ingest/outbox-relay.service.js';
import { TicketConsumer } from './ingest/ticket.consumer.js';
import { modelWorkerFile } from './models/worker-files.js';
import { ModelProcess } from './models/model-process.js';
import { AgreementController } from './monitoring/agreement.controller.js';
import { AgreementQuery } from './monitoring/agreement.query.js';
import { AlertsController } from './monitoring/alerts.controller.js';
import { AlertsService } from './monitoring/alerts.service.js';
import { DecisionsController } from './monitoring/decisions.controller.js';
import { DecisionsService } from './monitoring/decisions.service.js';
import { DriftController } from './monitoring/drift.controller.js';
import { DriftQuery } from './monitoring/drift.query.js';
import { CounterThread } from './monitoring/counter-thread.js';
import { Explainer } from './monitoring/explainer.service.js';
import { LabelQueueController } from './monitoring/label-queue.controller.js';
import { LabelQueueQuery } from './monitoring/label-queue.query.js';
import { MonitorLook } from './monitoring/monitor-look.service.js';
import { MonitorRunner } from './monitoring/monitor-runner.service.js';
import { MonitorMetrics } from './monitoring/monitor-metrics.js';
import { QualityController } from './monitoring/quality.controller.js';
import { QualityQuery } from './monitoring/quality.query.js';
import { WebhookSender } from './monitoring/webhook-sender.service.js';
import { RolloutWatch } from './retrain/rollout-watch.service.js';
import { ScheduleQuery } from './retrain/schedule.query.js';
import { TrainingRunner } from './retrain/training-runner.service.js';
import { TrainingRunsController } from './retrain/training-runs.controller.js';
import { TrainingRunsService } from './retrain/training-runs.service.js';
import { ChoicesService } from './suggest/choices.service.js';
import { EventsController } from './suggest/events.controller.js';
import { EventsService } from './suggest/events.service.js';
import { ExplanationService } from './suggest/explanation.service.js';
import { FlagsController } from './suggest/flags.controller.js';
import { FlagsService } from './suggest/flags.service.js';
import { HistoryReader } from './suggest/history-reader.service.js';
import { InferenceController } from './suggest/inference.controller.js';
import { LabelsController } from './suggest/labels.controller.js';
import { ModelService } from './suggest/model.service.js';
import { ModelsService } from './suggest/models.service.js';
import { ModelsController } from './suggest/models.controller.js';
import { RankController } from './suggest/rank.controller.js';
import { RankingLoop } from './suggest/ranking-loop.service.js';
import { RetentionService } from './suggest/retention.service.js';
import { SimilarQuery } from './suggest/similar.query.js';
import { SuspectedLabelsQuery } from './suggest/suspected-labels.query.js';
import { TemplateFileController } from './suggest/template-file.controller.js';
import { TemplateFileService } from './suggest/template-file.service.js';
import { TemplateStatisticsController } from './suggest/template-statistics.controller.js';
import { TemplateStatisticsQuery } from './suggest/template-statistics.query.js';
import { TemplatesController } from './suggest/templates.controller.js';
import { TemplatesService } from './suggest/templates.service.js';
import { TicketsController } from './suggest/tickets.controller.js';
import { TicketsQueryService } from './suggest/tickets.query.js';

/** The one application module. What runs by itself is started and stopped by main.ts, in order, not by Nest. */
@Module({})
export class AppModule {
  /** @param dataSource connected; whoever made it closes it */
  static forService(config: ServiceConfig, dataSource: DataSource): DynamicModule {
    return {
      module: AppModule,
      // A probe that finds something down tells who asked; whoever is down says so in the log itself.
      imports: [TerminusModule.forRoot({ logger: false }), rateLimit(config)],
      controllers: [
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
        ModelsController,
        QualityController,
        RankController,
        SessionController,
        SignInController,
        TemplateFileController,
        TemplateStatisticsController,
        TemplatesController,
        TicketsController,
        TrainingRunsController,
      ],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: DataSource, useValue: dataSource },
        { provide: Registry, useFactory: () => new Registry() },
        { provide: KAFKA, useFactory: () => connectKafka(config) },
        { provide: CounterThread, useFactory: () => new CounterThread() },
        { provide: ModelProcess, useFactory: () => modelProcess(config) },
        { provide: APP_GUARD, useClass: ThrottlerGuard },
        { provide: APP_GUARD, useExisting: AccessGuard },
        AccessGuard,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useValue: new StandardSchemaValidationPipe({ exceptionFactory: validationProblem }) },
        AccessService,
        AgreementQuery,
        AlertsService,
        ChoiceConsumer,
        ChoicesService,
        DecisionsService,
        DriftQuery,
        EventsService,
        ExplanationService,
        Explainer,
        FlagsService,
        HistoryReader,
        IngestMetrics,
        LabelQueueQuery,
        ModelService,
        MonitorLook,
        ModelsService,
        MonitorMetrics,
        MonitorRunner,
        OidcService,
        OutboxRelay,
        QualityQuery,
        RankingLoop,
        RetentionService,
        RolloutWatch,
        ScheduleQuery,
        SimilarQuery,
        SuspectedLabelsQuery,
        TemplateFileService,
        TemplateStatisticsQuery,
        TemplatesService,
        TicketConsumer,
        TicketsQueryService,
        TrainingRunner,
        TrainingRunsService,
        WatchedParts,
        WebhookSender,
      ],
    };
  }
}

/** A client's requests to all routes count together; left to itself, the module counts each route for itself. */
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
