import type { Encoder } from './encoder.js';
import type { Candidate } from '../ranker.js';
import { templateText } from '../features/ticket-text.js';

const shared = new WeakMap<Encoder, TemplateVectors>();

/** Embeddings of templates by their text, so that only what is new is computed. */
export class TemplateVectors {
  private known = new Map<string, Float32Array>();
  /** What was asked for the time before: two models that take turns do not compute each other's anew. */
  private before = new Map<string, Float32Array>();

  private constructor(private readonly encoder: Encoder) {}

  /** The same for all models on an encoder: another model is loaded without reading the templates again. */
  static forEncoder(encoder: Encoder): TemplateVectors {
    const vectors = shared.get(encoder) ?? new TemplateVectors(encoder);
    shared.set(encoder, vectors);
    return vectors;
  }

  /** @returns per template its embedding, [size]; zeros for one without text */
  embed(templates: readonly Candidate[]): Float32Array[] {
    const texts = templates.map(templateText);
    const all = new Map([...this.before, ...this.known]);
    const missing = [...new Set(texts)].filter((text) => !all.has(text));
    const fresh = this.encoder.encode(missing);
    missing.forEach((text, index) => {
      all.set(text, (fresh[index] ?? new Float32Array()).slice(0, this.encoder.size));
    });
    const vectors = texts.map((text) => all.get(text) ?? new Float32Array(this.encoder.size));
    // What no template says any more is forgotten.
    this.before = this.known;
    this.known = new Map(texts.map((text, index) => [text, vectors[index] as Float32Array]));
    return vectors;
  }
}
