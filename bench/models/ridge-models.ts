/**
 * Models for simulations with hundreds of trainings: ridge regression on embeddings, with a temperature fitted on five held-out
 * folds. With a folder, the folds also give a drift reference, as in a real training. Selecting labels, comparing versions and
 * monitoring are the service's own functions.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { topCandidates, shannonEntropy } from '../../src/models/ranking/ranking.js';
import { hash32 } from '../../src/statistics/random.js';
import type { Candidate, RankInput, RankedTemplate, Ranking } from '../../src/models/ranker.js';
import { textFacts } from '../../src/models/features/text-facts.js';
import { ticketText } from '../../src/models/features/ticket-text.js';
import { writeReference } from '../../src/monitoring/reference/reference-file.js';
import { ReferenceSampler, writeReferenceSample } from '../../src/monitoring/reference/reference-sample.js';
import { buildReference } from '../../src/monitoring/reference/reference.js';
import { reweightRanking } from '../../src/monitoring/diagnosis/reweighted-ranking.js';
import type { SimulatedTicket } from '../../src/retrain/simulation/simulated-agents.js';
import type { SimulatedModels } from '../../src/retrain/simulation/simulated-models.js';
import { RidgeSums, type RidgeWeights } from './ridge-regression.js';

interface Line {
  ticket: SimulatedTicket;
  vector: Float32Array;
  /** Class */
  label: number;
}

interface Fitted {
  classes: string[];
  weights: RidgeWeights;
  temperature: number;
}

export interface RidgeTools {
  embeddingOf: (text: string) => Float32Array;
  seed: number;
  /** For a subfolder per version with its drift reference; null if the version is not monitored */
  folder: string | null;
}

const parts = 5;
const temperatures = [1, 2, 4, 6, 8, 10, 13, 16, 20, 26];
/** Abstains below this confidence. */
const minConfidence = 0.2;
const maxItems = 10;

export class RidgeModels implements Pick<SimulatedModels, 'train' | 'rank'> {
  private readonly versions = new Map<string, Fitted>();

  constructor(private readonly tools: RidgeTools) {}

  async train(given: Parameters<SimulatedModels['train']>[0]): Promise<string> {
    const { embeddingOf, seed, folder } = this.tools;
    const classes = [...new Set(given.flatMap(({ template }) => template ?? []))].sort();
    const places = new Map(classes.map((name, at) => [name, at]));
    const lines = given.flatMap(({ ticket, template }): Line[] =>
      template === null
        ? []
        : [{ ticket, vector: embeddingOf(ticketText(ticket.row)), label: places.get(template) ?? 0 }],
    );
    // Copies of a ticket are in the same fold.
    const partOf = ({ ticket }: Line): number => hash32(ticket.key, seed) % parts;
    const sums = Array.from(
      { length: parts },
      (_, part) =>
      RidgeSums.of(lines.filter((line) => partOf(line) === part), classes.length), // prettier-ignore
    );
    const whole = RidgeSums.merge(sums);
    const without = sums.map((part) => whole.subtract(part).solve());
    const heldOut = lines.map((line) => (without[partOf(line)] as RidgeWeights).scores(line.vector));
    const loss = (temperature: number): number =>
      lines.reduce((sum, { label }, at) => {
        const all = probabilities(heldOut[at] as Float64Array, temperature);
        return sum - Math.log(Math.max(1e-6, all[label]!));
      }, 0);
    const [temperature = 1] = temperatures.map((one) => ({ one, loss: loss(one) })).sort((a, b) => a.loss - b.loss).map(({ one }) => one); // prettier-ignore
    const version = join(folder ?? '', `ridge-${this.versions.size + 1}`);
    this.versions.set(version, { classes, weights: whole.solve(), temperature });
    if (folder !== null) {
      await addReference(version, seed, lines.map(({ ticket, vector, label }, at) => {
        const ranking = rankingOf({ classes, temperature }, ticket.row, vector, heldOut[at] as Float64Array);
        return { ticket, ranking, templateId: classes[label] ?? null };
      })); // prettier-ignore
    }
    return version;
  }

  rank(version: string, inputs: readonly RankInput[], candidates: readonly Candidate[] = []): Promise<Ranking[]> {
    const model = this.versions.get(version);
    if (!model) throw new Error(`there is no version ${version}`);
    const ratios = Object.fromEntries(candidates.flatMap(({ templateId, weight = 1 }) => weight === 1 ? [] : [[templateId, weight]])); // prettier-ignore
    const isWeighted = Object.keys(ratios).length > 0;
    return Promise.resolve(
      inputs.map((input) => {
        const vector = this.tools.embeddingOf(ticketText(input));
        const ranking = rankingOf(model, input, vector, model.weights.scores(vector));
        if (!isWeighted) return ranking;
        const items = reweightRanking(ranking.items, { ratios });
        return { ...ranking, ...shown(items), items, unweighted: ranking.items };
      }),
    );
  }
}

function rankingOf(
  { classes, temperature }: Pick<Fitted, 'classes' | 'temperature'>,
  input: Pick<RankInput, 'subject' | 'body'>,
  embedding: Float32Array,
  scores: Float64Array,
): Ranking {
  const all = probabilities(scores, temperature);
  const candidates = classes.map((templateId) => ({ templateId, title: '', body: '', contactTypes: [] }));
  const items = topCandidates(candidates, all, maxItems);
  const facts = textFacts(input, null);
  return { items, setSize: 1, contactType: null, ...shown(items), embedding, entropy: shannonEntropy(all), ...facts };
}

function shown([first]: readonly RankedTemplate[]): Pick<Ranking, 'abstained' | 'reason'> {
  const abstained = (first?.probability ?? 0) < minConfidence;
  return { abstained, reason: abstained ? 'unsure' : null };
}

/** Like `replyrank train`: from out-of-fold rankings. */
async function addReference(
  folder: string,
  seed: number,
  heldOut: readonly { ticket: SimulatedTicket; ranking: Ranking; templateId: string | null }[],
): Promise<void> {
  const distinct = new Map(heldOut.map((one) => [one.ticket.key, one]));
  const sampler = new ReferenceSampler(seed);
  const tickets = [...distinct.values()].map(({ ticket: { key, at, row }, ranking, templateId }) => {
    const { items, setSize, contactType, ...rest } = ranking;
    const { channel, language, fields } = row;
    const own = { channel, language, fields, contactType: null };
    const observation = { ...rest, ...own, key, occurredAt: at, ranking: items };
    sampler.add({ ...observation, templateId }, ticketText(row));
    return { observation, templateId };
  });
  await mkdir(folder, { recursive: true });
  await writeReferenceSample(folder, sampler.sample());
  await writeReference(folder, buildReference(tickets, { seed }));
}

function probabilities(scores: Float64Array, temperature: number): Float64Array {
  const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const raised = scores.map((score) => Math.exp(temperature * (score - most)));
  const total = raised.reduce((a, b) => a + b, 0);
  return raised.map((value) => value / total);
}
