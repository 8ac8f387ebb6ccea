/** Rules of merging templates into others. */

/** The merge is not possible. Nothing was changed. */
export class InvalidMerge extends Error {
  override readonly name = 'MergeRefused';
}

/**
 * The chain of merges that would start at `id`.
 *
 * @param mergedInto current target by template; null without one
 * @returns the ids from `id` to the template that its labels would count for
 * @throws MergeRefused where there is no such template, or the chain leads back to `id`
 */
export function mergeChain(id: string, into: string, mergedInto: ReadonlyMap<string, string | null>): string[] {
  const chain = [id];
  for (let next: string | null = into; next !== null; next = mergedInto.get(next) ?? null) {
    if (!mergedInto.has(next))
      throw new InvalidMerge(`template ${id} can't be merged into ${next}, which does not exist`);
    if (chain.includes(next)) {
      const path = [...chain, next].join(' → ');
      throw new InvalidMerge(`template ${id} can't be merged into ${into}: cycle ${path}`);
    }
    chain.push(next);
  }
  return chain;
}

/**
 * Orders the templates of an import so that each comes after its merge target.
 *
 * @throws MergeRefused where some are merged into one another
 */
export function orderTargetsFirst<T extends { id: string; mergedInto?: string | null | undefined }>(
  templates: readonly T[],
): T[] {
  const ids = new Set(templates.map(({ id }) => id));
  // A target that exists already ends the chain here.
  const known = new Map(
    templates.map(({ id, mergedInto }) => [id, mergedInto && ids.has(mergedInto) ? mergedInto : null]),
  );
  const depth = ({ id }: T): number => {
    const into = known.get(id);
    return into ? mergeChain(id, into, known).length : 0;
  };
  const depths = new Map(templates.map((template) => [template, depth(template)]));
  return templates.toSorted((a, b) => (depths.get(a) ?? 0) - (depths.get(b) ?? 0));
}
