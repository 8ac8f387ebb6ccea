import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ProblemException } from '../../http/problem.js';
import { ChangesNothing, Roles } from '../../access/roles.js';
import { ModelBusy, ModelUnavailable } from '../../models/serving/rank-queue.js';
import type { RankInput } from '../../models/ranker.js';
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
  constructor(private readonly champion: ChampionService) {}

  /** Ranks the allowed templates for a text; nothing is stored. */
  @ChangesNothing()
  @Post()
  @HttpCode(HttpStatus.OK)
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: rankedSchema })
  async rank(@Body({ schema: rankBodySchema }) body: z.infer<typeof rankBodySchema>) {
    const { text, limit, ...ticket } = body;
    const [answer] = await rankNow(this.champion, [{ ...ticket, body: text ?? ticket.body }]);
    return { modelVersion: answer?.version ?? '', ...(answer ? toPublicRanking(answer.ranking, limit) : {}) };
  }
}

/** Ranks at once. @throws ProblemException 503 with Retry-After where the model is busy or away */
export function rankNow(model: ChampionService, inputs: RankInput[]): ReturnType<ChampionService['rank']> {
  return ofModel(model.rank(inputs));
}

/** What the model answers. @throws ProblemException 503 with Retry-After where it is busy or away */
export async function ofModel<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ModelBusy || error instanceof ModelUnavailable)) throw error;
    const retryAfter = { 'Retry-After': error instanceof ModelBusy ? '1' : '5' };
    throw new ProblemException(HttpStatus.SERVICE_UNAVAILABLE, error.message, undefined, retryAfter);
  }
}
