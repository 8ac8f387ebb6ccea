import { Body, Controller, HttpCode, HttpStatus, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { prepareTicket } from '../../preparation/prepare-ticket.js';
import { StoresNothing, Roles } from '../../access/roles.js';
import { orServiceUnavailable } from './model-unavailable.js';
import { ChampionService } from '../versions/champion.service.js';
import { toPublicRanking } from '../requests/suggestion-message.js';

const optionalText = z.string().max(256).nullable().default(null);

const rankBodySchema = z
  .object({
    text: z.string().max(2_000_000).optional(),
    subject: z.string().max(10_000).default(''),
    body: z.string().max(2_000_000).default(''),
    channel: optionalText,
    language: optionalText,
    contactType: optionalText,
    fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
    limit: z.number().int().min(1).max(100).default(3),
  })
  .meta({ id: 'RankBody' });

const rankedSchema = z
  .object({
    modelVersion: z.string(),
    abstained: z.boolean(),
    reason: z.string().nullable(),
    contactType: z.object({ value: z.string(), probability: z.number() }).nullable(),
    items: z.array(z.object({ rank: z.number().int(), templateId: z.string(), probability: z.number() })),
  })
  .meta({ id: 'Ranked' });

@ApiTags('rank')
@Controller('api/v1/rank')
export class RankController {
  constructor(
    private readonly champion: ChampionService,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  /** Ranks the active templates for a text. Nothing is stored. */
  @StoresNothing()
  @Post()
  @HttpCode(HttpStatus.OK)
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: rankedSchema })
  async rank(@Body({ schema: rankBodySchema }) body: z.infer<typeof rankBodySchema>) {
    const { text, limit, ...ticket } = body;
    const prepared = prepareTicket({ ...ticket, body: text ?? ticket.body }, this.config.REDACT);
    const [answer] = await orServiceUnavailable(this.champion.rank([prepared]));
    return { modelVersion: answer?.version ?? '', ...(answer ? toPublicRanking(answer.ranking, limit) : {}) };
  }
}
