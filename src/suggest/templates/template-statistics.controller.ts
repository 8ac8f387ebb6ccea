import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Roles } from '../../access/roles.js';
import { identifier } from '../../http/text-schemas.js';
import * as figures from './template-figures.js';
import { TemplateStatisticsQuery } from './template-statistics.query.js';
import { found } from '../../http/found.js';

const idSchema = z.object({ id: identifier() });

/** Template statistics, and the fields for placeholders. */
@ApiTags('templates')
@Controller('api/v1')
export class TemplateStatisticsController {
  constructor(private readonly statistics: TemplateStatisticsQuery) {}

  /** Lists statistics of all templates: shown, accepted, used, flagged, overridden. */
  @Get('template-statistics')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: figures.templatesFiguresSchema })
  list(@Query({ schema: figures.daysSchema }) { days }: { days: number }) {
    return this.statistics.list(days, new Date());
  }

  /** Gets the statistics of a template: usage over time, confusions, flags and example tickets. */
  @Get('template-statistics/:id')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: figures.templateStatisticsSchema })
  async get(
    @Param({ schema: idSchema }) { id }: { id: string },
    @Query({ schema: figures.daysSchema }) { days }: { days: number },
  ) {
    return found(await this.statistics.get(id, days, new Date()), `template ${id} does not exist`);
  }

  /** Lists the fields of the newest tickets, which placeholders are filled from. */
  @Get('placeholders')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: figures.placeholderNamesSchema })
  placeholders() {
    return this.statistics.placeholders();
  }
}
