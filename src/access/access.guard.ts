/**
 * Invariant: routes are closed by default. A route without `Roles` or `Public` is forbidden for everyone, admins included.
 */
import { HttpStatus, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import type { Role } from '../records/access/api-token.entity.js';
import { AccessService } from './access.service.js';
import { requireOwnPage } from './embedding.js';
import { ProblemException } from '../http/problem.js';
import { storesNothingKey, publicKey, rolesKey, type Actor } from './roles.js';
import { readCookie, embeddedCookie, sessionCookie } from './session-cookies.js';

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: AccessService,
    @Inject(CONFIG) private readonly config: Pick<ServiceConfig, 'EMBED_ORIGINS'>,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(publicKey, targets)) return true;
    const roles = this.reflector.getAllAndOverride<Role[] | undefined>(rolesKey, targets);
    const request: Request & { actor?: Actor } = context.switchToHttp().getRequest();
    await this.requireActor(request, roles);
    const storesNothing =
      isSafe(request) || this.reflector.getAllAndOverride<boolean | undefined>(storesNothingKey, targets);
    if (request.actor?.readOnly && !storesNothing) {
      throw new ProblemException(HttpStatus.FORBIDDEN, 'this token is read-only');
    }
    return true;
  }

  /** Authenticates the request and sets its actor. @throws ProblemException 401 or 403 */
  async requireActor(request: Request & { actor?: Actor }, roles: Role[] | undefined): Promise<void> {
    const actor = await this.authenticate(request);
    if (!actor) {
      const detail = 'authentication required: send a token as "Authorization: Bearer", or sign in';
      throw new ProblemException(HttpStatus.UNAUTHORIZED, detail, undefined, { 'WWW-Authenticate': 'Bearer' });
    }
    if (!roles || (actor.role !== 'admin' && !roles.includes(actor.role))) {
      throw new ProblemException(HttpStatus.FORBIDDEN, `the role ${actor.role} is not allowed to do this`);
    }
    request.actor = actor;
  }

  /** Whether the request's token or session is still valid, for responses that last. */
  async isAuthenticated(request: Request): Promise<boolean> {
    return (await this.authenticate(request)) !== null;
  }

  private async authenticate(request: Request): Promise<Actor | null> {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() === 'bearer' && token) return this.access.findByToken(token);
    const secret = readCookie(request, sessionCookie);
    if (!secret) return this.authenticateEmbedded(request);
    if (!isSafe(request) && !isSameOrigin(request)) {
      throw new ProblemException(
        HttpStatus.FORBIDDEN,
        'requests with a session that change something must come from a page of this service',
      );
    }
    return this.access.findBySession(secret);
  }

  private async authenticateEmbedded(request: Request): Promise<Actor | null> {
    const secret = this.config.EMBED_ORIGINS.length > 0 ? readCookie(request, embeddedCookie) : undefined;
    if (!secret) return null;
    requireOwnPage(request, !isSafe(request));
    return this.access.findBySession(secret);
  }
}

const isSafe = ({ method }: Request): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(method);

/** In addition to SameSite=Strict: rejects other ports of the same host, too. */
export function isSameOrigin({ headers }: Request): boolean {
  if (headers['sec-fetch-site'] === 'same-origin') return true;
  try {
    return headers.origin !== undefined && new URL(headers.origin).host === headers.host;
  } catch {
    return false;
  }
}
