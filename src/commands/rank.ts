import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { RankInput } from '../models/ranker.js';
import { shownRanking } from '../suggest/suggestion-message.js';
import { withModel } from './with-model.js';

export function registerRank(program: Command): void {
  program
    .command('rank')
    .description('ranks the templates of a model version for one text')
    .requiredOption('--model <folder>', 'a model version')
    .requiredOption('--text <text>', 'what the customer wrote')
    .option('--json', 'print the ranking as JSON')
    .action(async ({ model: folder, text, json }: { model: string; text: string; json?: boolean }) => {
      const input: RankInput = {
        subject: '',
        body: text,
        channel: null,
        language: null,
        contactType: null,
        fields: {},
      };
      const [answer] = await withModel(resolve(folder), (model) => model.rank([input]));
      if (!answer) throw new Error('the model gave no answer');
      const ranking = shownRanking(answer.ranking, 10);
      if (json) {
        process.stdout.write(`${JSON.stringify(ranking)}\n`);
        return;
      }
      if (ranking.abstained) process.stdout.write(`nothing is suggested: ${ranking.reason ?? ''}\n`);
      for (const { rank, templateId, probability } of ranking.items) {
        process.stdout.write(
          `${String(rank).padStart(2)}  ${(100 * probability).toFixed(1).padStart(5)} %  ${templateId}\n`,
        );
      }
    });
}
