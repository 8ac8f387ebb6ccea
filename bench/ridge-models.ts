/**
 * Models of a simulation that are trained in a second, for benchmarks of hundreds of trainings: ridge regression on the texts'
 * embeddings, its scores made probabilities by a temperature that a fifth of the tickets says. What is learned from which labels,
 * and who is held against whom, are the service's own functions.
 */
import { seeded } from '../src/models/random.js';
import type { RankInput, Ranking } from '../src/models/ranker.js';
import { ticketText } from '../src/models/ticket-text.js';
import type { SimulatedModels } from '../src/retrain/simulated-models.js';
import { shuffled } from './tickets-of-banking.js';

interface Line {
  vector: Float32Array;
  template: string;
}

interface Fitted {
  classes: string[];
  /** [size + 1, classes], the intercept last */
  weights: Float64Array[];
  temperature: number;
}

const ridge = 3;
const temperatures = [1, 2, 4, 6, 8, 10, 13, 16, 20, 26];
/** Answers that are less sure are not shown. */
const leastSure = 0.2;
const mostItems = 10;

export class RidgeModels implements Pick<SimulatedModels, 'train' | 'rank'> {
  private readonly versions = new Map<string, Fitted>();

  constructor(
    private readonly embeddingOf: (text: string) => Float32Array,
    private readonly seed: number,
  ) {}

  train(lines: Parameters<SimulatedModels['train']>[0]): Promise<string> {
    const all = lines.flatMap(({ ticket, template }): Line[] =>
      template === null ? [] : [{ vector: this.embeddingOf(ticketText(ticket.row)), template }],
    );
    const mixed = shuffled(all, seeded(this.seed));
    const heldOut = Math.floor(mixed.length / 5);
    const partly = fit(mixed.slice(heldOut), 1);
    const loss = (temperature: number): number =>
      mixed.slice(0, heldOut).reduce((sum, { vector, template }) => {
        const at = partly.classes.indexOf(template);
        return (
          sum - Math.log(Math.max(1e-6, at < 0 ? 0 : (probabilities({ ...partly, temperature }, vector)[at] ?? 0)))
        );
      }, 0);
    const [best = 1] = [...temperatures].sort((a, b) => loss(a) - loss(b));
    const version = `ridge-${this.versions.size + 1}`;
    this.versions.set(version, fit(mixed, best));
    return Promise.resolve(version);
  }

  rank(version: string, inputs: readonly RankInput[]): Promise<Ranking[]> {
    const model = this.versions.get(version);
    if (!model) throw new Error(`there is no version ${version}`);
    return Promise.resolve(inputs.map((input) => ranked(model, this.embeddingOf(ticketText(input)))));
  }
}

function ranked(model: Fitted, vector: Float32Array): Ranking {
  const all = probabilities(model, vector);
  const items = model.classes
    .map((templateId, at) => ({ templateId, probability: all[at] ?? 0 }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, mostItems);
  const abstained = (items[0]?.probability ?? 0) < leastSure;
  return { items, abstained } as unknown as Ranking;
}

function probabilities({ classes, weights, temperature }: Fitted, vector: Float32Array): Float64Array {
  const scores = new Float64Array(classes.length);
  weights.forEach((row, at) => {
    const value = at < vector.length ? (vector[at] as number) : 1;
    for (let one = 0; one < scores.length; one += 1)
      scores[one] = (scores[one] as number) + value * (row[one] as number);
  });
  const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const raised = scores.map((score) => Math.exp(temperature * (score - most)));
  const total = raised.reduce((a, b) => a + b, 0);
  return raised.map((value) => value / total);
}

/** Solves (XᵀX + ridge) W = XᵀY by Cholesky's decomposition. */
function fit(lines: readonly Line[], temperature: number): Fitted {
  const classes = [...new Set(lines.map(({ template }) => template))].sort();
  const places = new Map(classes.map((name, at) => [name, at]));
  const width = (lines[0]?.vector.length ?? 0) + 1;
  const square = Array.from({ length: width }, () => new Float64Array(width));
  const weights = Array.from({ length: width }, () => new Float64Array(classes.length));
  const row = new Float64Array(width).fill(1);
  for (const { vector, template } of lines) {
    row.set(vector);
    const place = places.get(template) ?? 0;
    for (let a = 0; a < width; a += 1) {
      const [value, line, right] = [row[a] as number, square[a] as Float64Array, weights[a] as Float64Array];
      for (let b = 0; b <= a; b += 1) line[b] = (line[b] as number) + value * (row[b] as number);
      right[place] = (right[place] as number) + value;
    }
  }
  for (let a = 0; a < width; a += 1) {
    const line = square[a] as Float64Array;
    line[a] = (line[a] as number) + ridge;
    for (let b = 0; b <= a; b += 1) {
      const other = square[b] as Float64Array;
      let left = line[b] as number;
      for (let k = 0; k < b; k += 1) left -= (line[k] as number) * (other[k] as number);
      line[b] = a === b ? Math.sqrt(left) : left / (other[b] as number);
    }
  }
  const divided = (at: number): void => {
    const [own, by] = [weights[at] as Float64Array, square[at]?.[at] as number];
    for (let one = 0; one < own.length; one += 1) own[one] = (own[one] as number) / by;
  };
  const less = (at: number, other: number, factor: number): void => {
    const [own, from] = [weights[at] as Float64Array, weights[other] as Float64Array];
    for (let one = 0; one < own.length; one += 1) own[one] = (own[one] as number) - factor * (from[one] as number);
  };
  for (let a = 0; a < width; a += 1) {
    for (let k = 0; k < a; k += 1) less(a, k, square[a]?.[k] as number);
    divided(a);
  }
  for (let a = width - 1; a >= 0; a -= 1) {
    for (let k = a + 1; k < width; k += 1) less(a, k, square[k]?.[a] as number);
    divided(a);
  }
  return { classes, weights, temperature };
}
