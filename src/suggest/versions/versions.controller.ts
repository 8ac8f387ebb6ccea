import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { date } from '../../http/date-schema.js';
import { Roles, type Actor } from '../../access/roles.js';
import { ChampionService } from './champion.service.js';
import { VersionsService } from './versions.service.js';
import { localizedMessageSchema } from '../../messages/localized-message.js';
import { minCanaryShare } from '../../config/retrain-variables.js';
import { identifier } from '../../http/text-schemas.js';
import { found } from '../../http/found.js';

const versionSchema = z
  .object({ version: z.string(), metadata: z.looseObject({}), createdAt: date, aliases: z.array(z.string()) })
  .meta({ id: 'ModelVersion' });
const modelsSchema = z
  .object({
    serving: z.object({ version: z.string().nullable(), device: z.string().nullable(), state: z.string() }),
    items: z.array(versionSchema),
  })
  .meta({ id: 'Models' });
const pathSchema = z.object({ version: identifier() });
const canarySchema = z.object({ share: z.number().min(minCanaryShare).max(1).optional() });
const rolloutSchema = z
  .object({
    version: z.string(),
    mode: z.enum(['shadow', 'canary']),
    share: z.number(),
    startedBy: z.string(),
    startedAt: date,
    pairs: z.number().int(),
    result: z.string().nullable(),
    endedAt: date.nullable(),
    outcome: z.string().nullable(),
    reason: z.string().nullable(),
    message: localizedMessageSchema.nullable(),
  })
  .meta({ id: 'Rollout' });
const moveSchema = z
  .object({
    alias: z.string(),
    version: z.string(),
    actor: z.string(),
    reason: z.string().nullable(),
    message: localizedMessageSchema.nullable(),
    movedAt: date,
  })
  .meta({ id: 'AliasMove' });
const scores = { rows: z.number(), top1: z.number(), hits3: z.number() };
const reportSchema = z
  .looseObject({
    version: z.string(),
    createdAt: z.string(),
    seed: z.number(),
    arguments: z.looseObject({}),
    data: z.looseObject({ rows: z.number(), templates: z.number() }),
    curves: z.array(z.looseObject({ training: z.string(), loss: z.array(z.number()) })),
    heldOut: z.looseObject({
      ...scores,
      slices: z.record(z.string(), z.record(z.string(), z.looseObject(scores))),
    }),
    baselines: z.object({ majority: z.number(), nearestMean: z.number() }),
    confusions: z.array(z.object({ label: z.string(), predicted: z.string(), count: z.number() })),
    calibration: z.array(z.object({ rows: z.number(), confidence: z.number(), right: z.number() })),
    confidentErrors: z.array(
      z.looseObject({
        idHash: z.string().nullable(),
        label: z.string(),
        predicted: z.string(),
        confidence: z.number(),
        labelProbability: z.number(),
      }),
    ),
    diagnosis: z.object({
      training: z.number(),
      heldOut: z.number(),
      ceiling: z.number(),
      parts: z.array(z.object({ name: z.string(), points: z.number(), next: z.string() })),
    }),
    seconds: z.record(z.string(), z.number()),
  })
  .meta({ id: 'TrainingReport' });
type Path = z.infer<typeof pathSchema>;
const promotedSchema = z.object({ champion: z.string().nullable() }).meta({ id: 'Promoted' });

interface AuthenticatedRequest {
  actor: Actor;
}

/** Model versions, aliases and rollouts. */
@ApiTags('models')
@Controller('api/v1/models')
export class VersionsController {
  constructor(
    private readonly versions: VersionsService,
    private readonly champion: ChampionService,
  ) {}

  /** Lists all versions and the one that serves. */
  @Get()
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: modelsSchema })
  async list() {
    const { version, device, state } = this.champion.status();
    return { serving: { version, device, state }, items: await this.versions.list() };
  }

  /** Lists alias changes with actor and reason, newest first. */
  @Get('moves')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: z.array(moveSchema) })
  moves() {
    return this.versions.aliasMoves();
  }

  /** Lists rollouts and their outcome, newest first. */
  @Get('rollouts')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: z.array(rolloutSchema) })
  rollouts() {
    return this.versions.rollouts();
  }

  /** Gets a version with its metadata and aliases. */
  @Get(':version')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: versionSchema })
  async get(@Param({ schema: pathSchema }) { version }: Path) {
    const versions = await this.versions.list();
    return found(
      versions.find((known) => known.version === version) ?? null,
      `model version ${version} does not exist`,
    );
  }

  /** Gets the training report: arguments, metrics by slice, confusions, calibration, baselines, diagnosis, durations. */
  @Get(':version/report')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: reportSchema })
  async report(@Param({ schema: pathSchema }) { version }: Path) {
    return found(
      await this.versions.report(version),
      `model version ${version} does not exist or has no training report`,
    );
  }

  /** Makes the version the champion. An active rollout ends. */
  @Post(':version/promote')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: promotedSchema })
  promote(@Param({ schema: pathSchema }) { version }: Path, @Req() { actor }: AuthenticatedRequest) {
    return this.versions.promote(version, actor.name);
  }

  /** Starts a shadow rollout: the version ranks every ticket, nothing is shown. */
  @Post(':version/shadow')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: rolloutSchema })
  shadow(@Param({ schema: pathSchema }) { version }: Path, @Req() { actor }: AuthenticatedRequest) {
    return this.versions.startRollout(version, { mode: 'shadow', actor: actor.name });
  }

  /** Starts a canary rollout: the version ranks a share of the tickets instead of the champion. */
  @Post(':version/canary')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: rolloutSchema })
  canary(
    @Param({ schema: pathSchema }) { version }: Path,
    @Body({ schema: canarySchema }) { share }: z.infer<typeof canarySchema>,
    @Req() { actor }: AuthenticatedRequest,
  ) {
    return this.versions.startRollout(version, { mode: 'canary', share, actor: actor.name });
  }

  /** Ends the active rollout; without one, restores the previous champion. */
  @Post('rollback')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: promotedSchema })
  rollback(@Req() { actor }: AuthenticatedRequest) {
    return this.versions.rollback(actor.name);
  }
}
