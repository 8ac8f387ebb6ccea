import type { Encoder } from './encoder.js';
import type { Candidate } from '../ranker.js';
import { templateText } from '../features/ticket-text.js';

const shared = new WeakMap<Encoder, TemplateVectors>();

/** Cache of template embeddings by text. */
export class TemplateVectors {
  private known = new Map<string, Float32Array>();
  /** The previous request: two models that alternate keep each other's embeddings. */
  private before = new Map<string, Float32Array>();

  private constructor(private readonly encoder: Encoder) {}

  /** One cache per encoder: loading another model does not encode the templates again. */
  static forEncoder(encoder: Encoder): TemplateVectors {
    const vectors = shared.get(encoder) ?? new TemplateVectors(encoder);
    shared.set(encoder, vectors);
    return vectors;
  }

  /** @returns one embedding per template, [size]; zeros for a template without text */
  embed(templates: readonly Candidate[]): Float32Array[] {
    const texts = templates.map(templateText);
    const all = new Map([...this.before, ...this.known]);
    const missing = [...new Set(texts)].filter((text) => !all.has(text));
    const fresh = this.encoder.encode(missing);
    missing.forEach((text, index) => {
      all.set(text, (fresh[index] ?? new Float32Array()).slice(0, this.encoder.size));
    });
    const vectors = texts.map((text) => all.get(text) ?? new Float32Array(this.encoder.size));
    // Texts of neither this request nor the previous one are dropped.
    this.before = this.known;
    this.known = new Map(texts.map((text, index) => [text, vectors[index] as Float32Array]));
    return vectors;
  }
}
