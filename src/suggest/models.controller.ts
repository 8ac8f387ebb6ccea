import { Controller, Get, HttpCode, HttpStatus, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { recordAudit } from '../access/audit-log.js';
import { ProblemException } from '../access/problem.js';
import { Roles, type Actor } from '../access/roles.js';
import { ModelVersion } from '../records/model-version.entity.js';
import { moveAlias, previousChampion, UnknownVersion } from './model-registry.js';
import { ModelService } from './model.service.js';
import { identifier } from './stored-text.js';
import { found } from './tickets.controller.js';

const date = z.date().meta({ type: 'string', format: 'date-time' });
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
const promotedSchema = z.object({ champion: z.string() }).meta({ id: 'Promoted' });

/** Model versions, and which of them is the champion. */
@ApiTags('models')
@Controller('api/v1/models')
export class ModelsController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly model: ModelService,
  ) {}

  @Get()
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: modelsSchema })
  async list() {
    const { version, device, state } = this.model.status();
    return { serving: { version, device, state }, items: await this.versions() };
  }

  @Get(':version')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: versionSchema })
  async get(@Param({ schema: pathSchema }) { version }: { version: string }) {
    const versions = await this.versions();
    return found(versions.find((one) => one.version === version) ?? null, `there is no model version ${version}`);
  }

  @Post(':version/promote')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: promotedSchema })
  promote(@Param({ schema: pathSchema }) { version }: { version: string }, @Req() request: { actor: Actor }) {
    return this.makeChampion(version, 'model.promote', request.actor);
  }

  @Post('rollback')
  @HttpCode(HttpStatus.OK)
  @Roles('ml')
  @ApiOkResponse({ standardSchema: promotedSchema })
  async rollback(@Req() request: { actor: Actor }) {
    const previous = await previousChampion(this.dataSource.manager);
    if (previous === null) throw new ProblemException(HttpStatus.CONFLICT, 'there was no other champion to go back to');
    return this.makeChampion(previous, 'model.rollback', request.actor);
  }

  private async makeChampion(version: string, action: string, actor: Actor) {
    try {
      await this.dataSource.transaction(async (manager) => {
        await moveAlias(manager, 'champion', version, actor.name);
        await recordAudit(manager, { actor: actor.name, action, target: version });
      });
    } catch (error) {
      if (error instanceof UnknownVersion) throw new ProblemException(HttpStatus.NOT_FOUND, error.message);
      throw error;
    }
    return { champion: version };
  }

  private async versions() {
    const aliases: { alias: string; version: string }[] = await this.dataSource.query(
      'SELECT alias, version FROM model_aliases',
    );
    const rows = await this.dataSource.getRepository(ModelVersion).find({ order: { createdAt: 'DESC' } });
    return rows.map(({ version, metadata, createdAt }) => ({
      version,
      metadata,
      createdAt,
      aliases: aliases.filter((one) => one.version === version).map(({ alias }) => alias),
    }));
  }
}
