import { Body, Controller, Get, Header, HttpCode, HttpStatus, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Roles, type Actor } from '../../access/roles.js';
import { storedText } from '../../http/text-schemas.js';
import { TemplateFileService } from './template-file.service.js';
import { importFormats } from './template-import.js';
import { newTemplateSchema } from './template-text.js';

const importSchema = z
  .object({
    text: storedText().min(1, 'must not be empty').describe('The whole file'),
    format: z.enum(importFormats).default('jsonl'),
    dryRun: z.boolean().default(false).describe('Validate and report changes without importing'),
  })
  .meta({ id: 'TemplateImport' });
const importedSchema = z
  .object({
    added: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    items: z.array(
      z.object({
        line: z.int(),
        id: z.string(),
        title: z.string(),
        result: z.enum(['added', 'changed', 'unchanged']),
        changes: z.array(z.enum(['title', 'body', 'contactTypes', 'state', 'mergedInto'])),
      }),
    ),
  })
  .meta({ id: 'ImportedTemplates' });
const jsonLines = 'application/x-ndjson';

/** All templates as one JSON Lines file, as `replyrank templates` writes and reads it. */
@ApiTags('templates')
@Controller('api/v1/template-file')
export class TemplateFileController {
  constructor(private readonly file: TemplateFileService) {}

  /** Exports all templates as JSON Lines. */
  @Get()
  @Roles('lead', 'ml')
  @ApiProduces(jsonLines)
  @ApiOkResponse({ standardSchema: newTemplateSchema })
  @Header('Content-Type', jsonLines)
  @Header('Content-Disposition', 'attachment; filename="templates.jsonl"')
  export() {
    return this.file.export();
  }

  /** Imports a file, all or nothing. Errors (422) name their lines; `dryRun` only reports what would change. */
  @Post()
  @HttpCode(HttpStatus.OK)
  @Roles('lead')
  @ApiOkResponse({ standardSchema: importedSchema })
  import(@Body({ schema: importSchema }) body: z.infer<typeof importSchema>, @Req() { actor }: { actor: Actor }) {
    return this.file.import(body, actor.name);
  }
}
