import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Roles } from '../../access/roles.js';
import { identifier } from '../../http/text-schemas.js';
import * as figures from './template-figures.js';
import { TemplateStatisticsQuery } from './template-statistics.query.js';
import { found } from '../../http/found.js';

const idSchema = z.object({ id: identifier() });

/** How templates do, and what can be filled into them. */
@ApiTags('templates')
@Controller('api/v1')
export class TemplateStatisticsController {
  constructor(private readonly statistics: TemplateStatisticsQuery) {}

  /** Figures of every template: shown, taken, used, flagged, mistaken for others. */
  @Get('template-statistics')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: figures.templatesFiguresSchema })
  list(@Query({ schema: figures.daysSchema }) { days }: { days: number }) {
    return this.statistics.list(days, new Date());
  }

  /** One template over time, what it is confused with, its flags, and tickets that it answered. */
  @Get('template-statistics/:id')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: figures.templateStatisticsSchema })
  async get(
    @Param({ schema: idSchema }) { id }: { id: string },
    @Query({ schema: figures.daysSchema }) { days }: { days: number },
  ) {
    return found(await this.statistics.get(id, days, new Date()), `there is no template ${id}`);
  }

  /** The fields of the newest tickets, which placeholders are filled from. */
  @Get('placeholders')
  @Roles('lead', 'ml')
  @ApiOkResponse({ standardSchema: figures.placeholderNamesSchema })
  placeholders() {
    return this.statistics.placeholders();
  }
}
