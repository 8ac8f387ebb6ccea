/** `compute`, done once for each object as long as somebody holds it: what rests on a reference alone is the same at each look. */
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
