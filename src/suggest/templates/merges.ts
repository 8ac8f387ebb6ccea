/** Templates that were merged into others: what may be merged into what. */

/** A template can't be merged as was asked; nothing has been changed. */
export class InvalidMerge extends Error {
  override readonly name = 'MergeRefused';
}

/**
 * The chain of merges that would begin with `id`.
 *
 * @param mergedInto what each template is merged into now; null for one that is merged into none
 * @returns the ids from `id` to the one that its labels would count for
 * @throws MergeRefused where there is no such template, or the chain leads back to `id`
 */
export function mergeChain(id: string, into: string, mergedInto: ReadonlyMap<string, string | null>): string[] {
  const chain = [id];
  for (let next: string | null = into; next !== null; next = mergedInto.get(next) ?? null) {
    if (!mergedInto.has(next)) throw new InvalidMerge(`template ${id} can't be merged into ${next}: there is none`);
    if (chain.includes(next)) {
      const path = [...chain, next].join(' → ');
      throw new InvalidMerge(`template ${id} can't be merged into ${into}, which leads back to it: ${path}`);
    }
    chain.push(next);
  }
  return chain;
}

/**
 * The templates of an import in an order in which each comes after the one that it is merged into.
 *
 * @throws MergeRefused where some are merged into one another
 */
export function orderTargetsFirst<T extends { id: string; mergedInto?: string | null | undefined }>(
  templates: readonly T[],
): T[] {
  const ids = new Set(templates.map(({ id }) => id));
  // One that is merged into what is there already ends the chain here.
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
