/** Computes once for each object: what depends on a reference alone is the same in every evaluation. */
export function cacheByReference<K extends object, V>(compute: (reference: K) => V): (reference: K) => V {
  const known = new WeakMap<K, { value: V }>();
  return (reference) => {
    const before = known.get(reference);
    if (before) return before.value;
    const value = compute(reference);
    known.set(reference, { value });
    return value;
  };
}
