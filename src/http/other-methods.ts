import { HttpStatus } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemException } from './problem.js';

/** Express's router layers, which its type declarations do not cover */
interface Layer {
  route?: { methods: object };
  match: (path: string) => boolean;
}

/** 405 with `Allow` if the path has routes for other methods; null if it has none */
export function methodNotAllowed({ app, path, method }: Request): ProblemException | null {
  const layers = app.router.stack as unknown as Layer[];
  const known = layers.flatMap((layer) => (layer.route && layer.match(path) ? Object.keys(layer.route.methods) : []));
  const allowed = [...new Set(known.flatMap((name) => (name === 'get' ? ['GET', 'HEAD'] : name.toUpperCase())))].join(
    ', ',
  );
  if (allowed === '') return null;
  const detail = `${method} is not allowed for this path: use ${allowed}`;
  return new ProblemException(HttpStatus.METHOD_NOT_ALLOWED, detail, undefined, { Allow: allowed });
}
