/** A name of a source as the service has them; null for anything else. */
export const sourceOf = (name: unknown): string | null =>
  typeof name === 'string' && /^[a-z0-9._-]{1,64}$/.test(name) ? name : null;
