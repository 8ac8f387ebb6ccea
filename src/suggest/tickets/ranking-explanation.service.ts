import { Injectable } from '@nestjs/common';
import { explainWords } from '../../models/serving/occlusion.js';
import { ChampionService } from '../versions/champion.service.js';
import { toRankInput } from '../requests/rank-input.js';
import type { SuggestionAnswer, TicketPath } from './ticket.schema.js';
import { TicketsQueryService } from './tickets.query.js';

/** The version of the suggestion no longer serves, so it can't rank the text without some words. */
class VersionNotServing extends Error {}

/** Explains a suggestion by the words of the ticket (occlusion). It takes dozens of model calls, so only on demand. */
@Injectable()
export class RankingExplanation {
  constructor(
    private readonly tickets: TicketsQueryService,
    private readonly champion: ChampionService,
  ) {}

  /**
   * @returns the suggestion with word weights of each item; null without a suggestion
   * @throws ModelBusy
   * @throws ModelUnavailable
   */
  async suggestion(path: TicketPath, limit: number): Promise<SuggestionAnswer | null> {
    const [ticket, suggestion] = await Promise.all([this.tickets.get(path), this.tickets.suggestion(path, limit)]);
    if (!ticket || !suggestion) return null;
    const templateIds = suggestion.items.map(({ templateId }) => templateId);
    const rank = async (inputs: Parameters<ChampionService['rank']>[0]) => {
      const rankings = await this.champion.rankInBackground(inputs, suggestion.modelVersion);
      if (!rankings) throw new VersionNotServing();
      return rankings;
    };
    const words = await explainWords(toRankInput(ticket), templateIds, rank).catch((error: unknown) => {
      if (error instanceof VersionNotServing) return null;
      throw error;
    });
    return { ...suggestion, items: suggestion.items.map((item, at) => ({ ...item, words: words?.[at] ?? null })) };
  }
}
