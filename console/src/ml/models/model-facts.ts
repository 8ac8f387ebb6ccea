/** What a page reads of a version's description (`model.json`), which is larger than the API says. */
import type { ModelVersion } from '../api.js';

export interface ModelFacts {
  rows: number | null;
  templates: number | null;
  recipe: string | null;
  /** Percent, by cross-fitting */
  top1: number | null;
  hits3: number | null;
  until: string | null;
}

export function factsOf({ metadata }: Pick<ModelVersion, 'metadata'>): ModelFacts {
  const { data, classes, recipe, heldOut } = metadata as {
    data?: { rows?: number; until?: string | null };
    classes?: unknown[];
    recipe?: string;
    heldOut?: { top1?: number; hits3?: number };
  };
  return {
    rows: data?.rows ?? null,
    templates: classes?.length ?? null,
    recipe: recipe ?? null,
    top1: heldOut?.top1 ?? null,
    hits3: heldOut?.hits3 ?? null,
    until: data?.until ?? null,
  };
}
