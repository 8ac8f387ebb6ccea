/** Finds replies by words that may be mistyped. */
import MiniSearch from 'minisearch';
import type { Template } from '../../service/api-types.js';

const maxFound = 20;

export interface TemplateSearch {
  /** @returns the best matches, best first; without words, what the model ranks first */
  find: (words: string) => Template[];
}

/**
 * @param ranked template ids as the model ranks them, best first; empty where it abstained: then words alone decide, so that
 *   what agents choose on such a ticket is not the model's own doing
 */
export function templateSearch(templates: readonly Template[], ranked: readonly string[]): TemplateSearch {
  const index = new MiniSearch<Template>({ fields: ['title', 'body'] });
  index.addAll(templates);
  const byId = new Map(templates.map((template) => [template.id, template]));
  const place = new Map(ranked.map((id, at) => [id, at]));
  const boost = (id: string): number => {
    const at = place.get(id);
    return at === undefined ? 1 : 2 - at / ranked.length;
  };
  const pick = (ids: readonly string[]): Template[] => ids.slice(0, maxFound).flatMap((id) => byId.get(id) ?? []);
  return {
    find: (words) => {
      if (words.trim() === '') return pick(ranked.length > 0 ? ranked : [...byId.keys()]);
      const found = index.search(words, {
        prefix: true,
        fuzzy: 0.25,
        boost: { title: 3 },
        boostDocument: (id: string) => boost(id),
      });
      return pick(found.map(({ id }) => id as string));
    },
  };
}
