import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { date } from '../../http/date-schema.js';
import { Roles, type Actor } from '../../access/roles.js';
import { localizedMessageSchema } from '../../messages/localized-message.js';
import { runStates, runTriggers } from '../../records/models/training-run.entity.js';
import { cursorSchema, limitSchema, pageSchema } from '../../http/cursor.js';
import { ScheduleQuery } from './schedule.query.js';
import { TrainingRunsService } from './training-runs.service.js';

const rowId = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const points = z.object({ points: z.number(), low: z.number(), high: z.number() });
const figures = z.object({
  top1: z.number(),
  low: z.number().optional(),
  high: z.number().optional(),
  useful: z.number(),
  ece: z.number(),
});

/** Differences are challenger − champion in percentage points, with 95% confidence intervals. */
const comparisonSchema = z
  .looseObject({
    basis: z.enum(['trusted', 'weighted-choices', 'choices']),
    biased: z.boolean(),
    tickets: z.number().int(),
    champion: figures,
    challenger: figures,
    difference: points,
    usefulDifference: points,
    evidence: z.number(),
    agreement: z.number(),
    slices: z.array(
      z.object({
        by: z.enum(['channel', 'language', 'contactType', 'templates']),
        value: z.string(),
        tickets: z.number().int(),
        points: z.number(),
        low: z.number().optional(),
        high: z.number().optional(),
        pWorse: z.number(),
      }),
    ),
  })
  .meta({ id: 'Comparison' });
const verdictSchema = z
  .object({
    promoted: z.boolean(),
    biased: z.boolean(),
    gates: z.array(
      z.object({
        gate: z.string(),
        passed: z.boolean(),
        detail: z.string(),
        message: localizedMessageSchema.optional(),
      }),
    ),
  })
  .meta({ id: 'PromotionVerdict' });
const runSchema = z
  .object({
    id: z.number().int(),
    trigger: z.enum(runTriggers),
    requestedBy: z.string(),
    decision: z.number().int().nullable(),
    state: z.enum(runStates),
    phase: z.string().nullable(),
    progress: z.number().nullable(),
    note: z.string().nullable(),
    arguments: z.looseObject({}),
    curves: z.array(z.object({ training: z.string(), loss: z.array(z.number()) })),
    challenger: z.string().nullable(),
    champion: z.string().nullable(),
    comparison: comparisonSchema.nullable(),
    verdict: verdictSchema.nullable(),
    error: z.string().nullable(),
    attempts: z.number().int(),
    createdAt: date,
    startedAt: date.nullable(),
    endedAt: date.nullable(),
  })
  .meta({ id: 'TrainingRun' });

const scheduleSchema = z
  .object({
    pattern: z.string().nullable(),
    next: date.nullable(),
    lastEvaluation: date.nullable(),
    coolDownHours: z.number(),
    minLabels: z.number().int(),
    minLoss: z.number(),
  })
  .meta({ id: 'RetrainSchedule' });

const querySchema = z.object({
  state: z.enum(runStates).optional(),
  limit: limitSchema(200, 50),
  cursor: cursorSchema(rowId),
});
const pathSchema = z.object({ id: rowId });

interface AuthenticatedRequest {
  actor: Actor;
}

/** Training runs of challengers: trigger, progress, comparison with the champion, promotion gates. */
@ApiTags('training-runs')
@Controller('api/v1/training-runs')
export class TrainingRunsController {
  constructor(
    private readonly runs: TrainingRunsService,
    private readonly scheduleQuery: ScheduleQuery,
  ) {}

  /** Lists training runs, newest first. */
  @Get()
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: pageSchema(runSchema).meta({ id: 'TrainingRunPage' }) })
  list(@Query({ schema: querySchema }) query: z.infer<typeof querySchema>) {
    return this.runs.list(query);
  }

  /** Starts a training run, or returns the queued or running one. */
  @Post()
  @Roles('ml')
  @ApiCreatedResponse({ standardSchema: runSchema })
  start(@Req() { actor }: AuthenticatedRequest) {
    return this.runs.start(actor.name);
  }

  /** Gets the retraining schedule and the minimums of an automatic retraining. */
  @Get('schedule')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: scheduleSchema })
  schedule() {
    return this.scheduleQuery.schedule(new Date());
  }

  /** Gets a training run. */
  @Get(':id')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: runSchema })
  get(@Param({ schema: pathSchema }) { id }: { id: number }) {
    return this.runs.get(id);
  }

  /** Cancels a queued or running training run. */
  @Post(':id/cancel')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: runSchema })
  cancel(@Param({ schema: pathSchema }) { id }: { id: number }, @Req() { actor }: AuthenticatedRequest) {
    return this.runs.cancel(id, actor.name);
  }
}
