import { HttpStatus } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemException } from './problem.js';

/** What Express has routes in; its types are those of an older one. */
interface Layer {
  route?: { methods: object };
  match: (path: string) => boolean;
}

/** Of a request that no route took: that its path is known for other methods, and for which; null where it is not known at all. */
export function otherMethods({ app, path, method }: Request): ProblemException | null {
  const layers = app.router.stack as unknown as Layer[];
  const known = layers.flatMap((layer) => (layer.route && layer.match(path) ? Object.keys(layer.route.methods) : []));
  const allowed = [...new Set(known.flatMap((one) => (one === 'get' ? ['GET', 'HEAD'] : one.toUpperCase())))].join(
    ', ',
  );
  if (allowed === '') return null;
  const detail = `${method} is not for this path: ${allowed}`;
  return new ProblemException(HttpStatus.METHOD_NOT_ALLOWED, detail, undefined, { Allow: allowed });
}
