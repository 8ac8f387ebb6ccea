import type { Encoder } from './encoder.js';
import type { Candidate } from './ranker.js';
import { templateText } from './ticket-text.js';

/** Embeddings of templates by their text, so that only what is new is computed. */
export class TemplateVectors {
  private known = new Map<string, Float32Array>();

  constructor(private readonly encoder: Encoder) {}

  /** @returns per template its embedding, [size]; zeros for one without text */
  of(templates: readonly Candidate[]): Float32Array[] {
    const texts = templates.map(templateText);
    const missing = [...new Set(texts)].filter((text) => !this.known.has(text));
    const fresh = this.encoder.encode(missing);
    missing.forEach((text, index) => {
      this.known.set(text, (fresh[index] ?? new Float32Array()).slice(0, this.encoder.size));
    });
    // What no template says any more is forgotten.
    this.known = new Map(texts.map((text) => [text, this.known.get(text) ?? new Float32Array(this.encoder.size)]));
    return texts.map((text) => this.known.get(text) ?? new Float32Array(this.encoder.size));
  }
}
