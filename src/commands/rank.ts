import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config/config.js';
import { prepareTicket } from '../preparation/prepare-ticket.js';
import { explainWords, type WordWeight } from '../models/serving/occlusion.js';
import type { RankInput } from '../models/ranker.js';
import { toPublicRanking } from '../suggest/requests/suggestion-message.js';
import { withModel } from './options/with-model.js';
import { formatPercent } from '../statistics/percent.js';

interface RankOptions {
  model: string;
  text: string;
  explain?: boolean;
  json?: boolean;
}

type Shown = ReturnType<typeof toPublicRanking>;
type ShownWithWords = Omit<Shown, 'items'> & { items: (Shown['items'][number] & { words?: WordWeight[] })[] };

export function registerRank(program: Command): void {
  program
    .command('rank')
    .description('rank the templates of a model version for one text')
    .requiredOption('--model <folder>', 'folder of a model version')
    .requiredOption('--text <text>', 'what the customer wrote')
    .option('--explain', 'include the words that support or contradict each template')
    .option('--json', 'print the ranking as JSON')
    .action(async ({ model: folder, text, explain, json }: RankOptions) => {
      const ticket: RankInput = {
        subject: '',
        body: text,
        channel: null,
        language: null,
        contactType: null,
        fields: {},
      };
      const input = prepareTicket(ticket, readConfig().REDACT);
      const ranking = await withModel(resolve(folder), async (model) => {
        const rank = async (inputs: RankInput[]) => (await model.rank(inputs)).map((answer) => answer.ranking);
        const [answer] = await rank([input]);
        if (!answer) throw new Error('the model returned no ranking');
        const shown: ShownWithWords = toPublicRanking(answer, 10);
        if (!explain) return shown;
        const templateIds = shown.items.map(({ templateId }) => templateId);
        const words = await explainWords(input, templateIds, rank);
        return { ...shown, items: shown.items.map((item, at) => ({ ...item, words: words[at] ?? [] })) };
      });
      if (json) {
        process.stdout.write(`${JSON.stringify(ranking)}\n`);
        return;
      }
      if (ranking.abstained) process.stdout.write(`no suggestion: ${ranking.reason ?? ''}\n`);
      for (const item of ranking.items) {
        const { rank, templateId, probability, words } = item;
        process.stdout.write(`${String(rank).padStart(2)}  ${formatPercent(probability).padStart(6)}  ${templateId}\n`);
        if (words) process.stdout.write(`    ${said(words)}\n`);
      }
    });
}

/** The words with what each brought, the strongest first. */
function said(words: readonly WordWeight[]): string {
  const strongest = words.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return strongest.map(({ text, weight }) => `${text} ${weight > 0 ? '+' : ''}${weight.toFixed(2)}`).join('  ');
}
