import { Body, Controller, Get, HttpStatus, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ProblemException } from '../../http/problem.js';
import { Roles, type Actor } from '../../access/roles.js';
import { templateStates } from '../../records/templates/template.entity.js';
import { identifier } from '../../http/text-schemas.js';
import { cursorSchema, limitSchema, page, pageSchema } from '../../http/cursor.js';
import { InvalidMerge } from './merges.js';
import * as text from './template-text.js';
import { RevisionConflict, TemplatesService } from './templates.service.js';
import { found } from '../../http/found.js';

const querySchema = z.object({
  state: z.enum(templateStates).optional(),
  limit: limitSchema(500, 100),
  cursor: cursorSchema(identifier()),
});
const idSchema = z.object({ id: identifier() });
const withHistorySchema = text.templateSchema
  .extend({ history: z.array(text.templateRevisionSchema) })
  .meta({ id: 'TemplateWithHistory' });

/** The reply templates and their history. */
@ApiTags('templates')
@Controller('api/v1/templates')
export class TemplatesController {
  constructor(private readonly templates: TemplatesService) {}

  /** Lists templates by id. */
  @Get()
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: pageSchema(text.templateSchema).meta({ id: 'TemplatePage' }) })
  async list(@Query({ schema: querySchema }) query: z.infer<typeof querySchema>) {
    const rows = await this.templates.list({ state: query.state, after: query.cursor, limit: query.limit + 1 });
    return page(rows, query.limit, (last) => last.id);
  }

  /** Creates a template. */
  @Post()
  @Roles('lead')
  @ApiCreatedResponse({ standardSchema: text.templateSchema })
  async create(@Body({ schema: text.newTemplateSchema }) body: text.NewTemplate, @Req() request: { actor: Actor }) {
    const created = await orConflict(this.templates.create(body, request.actor.name));
    if (!created)
      throw new ProblemException(HttpStatus.CONFLICT, `template ${body.id} already exists; use PATCH to change it`);
    return created;
  }

  /** Gets a template with its history. */
  @Get(':id')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: withHistorySchema })
  async get(@Param({ schema: idSchema }) { id }: { id: string }) {
    return found(await this.templates.get(id), `template ${id} does not exist`);
  }

  /** Changes a template. */
  @Patch(':id')
  @Roles('lead')
  @ApiOkResponse({ standardSchema: text.templateSchema })
  async change(
    @Param({ schema: idSchema }) { id }: { id: string },
    @Body({ schema: text.templateChangeSchema }) body: text.TemplateChange,
    @Req() request: { actor: Actor },
  ) {
    return found(
      await orConflict(this.templates.change(id, body, request.actor.name)),
      `template ${id} does not exist`,
    );
  }
}

/** @throws ProblemException 409 for an invalid merge or a concurrent change */
async function orConflict<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof InvalidMerge || error instanceof RevisionConflict)
      throw new ProblemException(HttpStatus.CONFLICT, error.message);
    throw error;
  }
}
