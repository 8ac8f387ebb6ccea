/**
 * Invariant: a route is closed unless it says who may call it. What has neither `Roles` nor `Public` is forbidden to
 * everybody, admins too: it was forgotten.
 */
import { HttpStatus, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import type { Role } from '../records/access/api-token.entity.js';
import { AccessService } from './access.service.js';
import { requireOwnPage } from './embedding.js';
import { ProblemException } from '../http/problem.js';
import { changesNothingKey, publicKey, rolesKey, type Actor } from './roles.js';
import { cookieOf, embeddedCookie, sessionCookie } from './session-cookies.js';

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: AccessService,
    @Inject(CONFIG) private readonly config: Pick<ServiceConfig, 'EMBED_ORIGINS'>,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(publicKey, places)) return true;
    const roles = this.reflector.getAllAndOverride<Role[] | undefined>(rolesKey, places);
    const request: Request & { actor?: Actor } = context.switchToHttp().getRequest();
    await this.requireActor(request, roles);
    const mayBeRead =
      isSafe(request) || this.reflector.getAllAndOverride<boolean | undefined>(changesNothingKey, places);
    if (request.actor?.readOnly && !mayBeRead) {
      throw new ProblemException(HttpStatus.FORBIDDEN, 'this token only reads');
    }
    return true;
  }

  /** Finds out who calls and leaves it on the request. @throws ProblemException 401 or 403 */
  async requireActor(request: Request & { actor?: Actor }, roles: Role[] | undefined): Promise<void> {
    const actor = await this.actorOf(request);
    if (!actor) {
      const detail = 'send a token as Authorization: Bearer, or sign in';
      throw new ProblemException(HttpStatus.UNAUTHORIZED, detail, undefined, { 'WWW-Authenticate': 'Bearer' });
    }
    if (!roles || (actor.role !== 'admin' && !roles.includes(actor.role))) {
      throw new ProblemException(HttpStatus.FORBIDDEN, `the role ${actor.role} may not do this`);
    }
    request.actor = actor;
  }

  private async actorOf(request: Request): Promise<Actor | null> {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() === 'bearer' && token) return this.access.ofToken(token);
    const secret = cookieOf(request, sessionCookie);
    if (!secret) return this.embeddedActorOf(request);
    if (!isSafe(request) && !isSameOrigin(request)) {
      throw new ProblemException(HttpStatus.FORBIDDEN, 'a change by session must come from a page of this service');
    }
    return this.access.ofSession(secret);
  }

  private async embeddedActorOf(request: Request): Promise<Actor | null> {
    const secret = this.config.EMBED_ORIGINS.length > 0 ? cookieOf(request, embeddedCookie) : undefined;
    if (!secret) return null;
    requireOwnPage(request, !isSafe(request));
    return this.access.ofSession(secret);
  }
}

const isSafe = ({ method }: Request): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(method);

/** The cookie is SameSite=Strict already; this also stops another port of the same host. */
export function isSameOrigin({ headers }: Request): boolean {
  if (headers['sec-fetch-site'] === 'same-origin') return true;
  try {
    return headers.origin !== undefined && new URL(headers.origin).host === headers.host;
  } catch {
    return false;
  }
}
