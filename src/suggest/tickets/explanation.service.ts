import { Injectable } from '@nestjs/common';
import { wordsBehind } from '../../models/serving/occlusion.js';
import { ModelService } from '../versions/champion.service.js';
import { rankInput } from '../requests/rank-input.js';
import type { SuggestionAnswer, TicketPath } from './ticket.schema.js';
import { TicketsQueryService } from './tickets.query.js';

/** The version that made a suggestion ranks no more: nobody can say what it would have said of other words. */
class NotInService extends Error {}

/** Says which words of a ticket its suggestions come from. It asks the model dozens of times: on demand only. */
@Injectable()
export class ExplanationService {
  constructor(
    private readonly tickets: TicketsQueryService,
    private readonly model: ModelService,
  ) {}

  /**
   * @returns the suggestion with the words of each item; null where there is no suggestion
   * @throws ModelBusy
   * @throws ModelUnavailable
   */
  async suggestion(path: TicketPath, limit: number): Promise<SuggestionAnswer | null> {
    const [ticket, suggestion] = await Promise.all([this.tickets.get(path), this.tickets.suggestion(path, limit)]);
    if (!ticket || !suggestion) return null;
    const templateIds = suggestion.items.map(({ templateId }) => templateId);
    const rank = async (inputs: Parameters<ModelService['rank']>[0]) => {
      const rankings = await this.model.rankBehind(inputs, suggestion.modelVersion);
      if (!rankings) throw new NotInService();
      return rankings;
    };
    const words = await wordsBehind(rankInput(ticket), templateIds, rank).catch((error: unknown) => {
      if (error instanceof NotInService) return null;
      throw error;
    });
    return { ...suggestion, items: suggestion.items.map((item, at) => ({ ...item, words: words?.[at] ?? null })) };
  }
}
