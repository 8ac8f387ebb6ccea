import { Body, Controller, Get, HttpCode, HttpStatus, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Throttle } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import { isSameOrigin } from './access.guard.js';
import { AccessService } from './access.service.js';
import { requireEmbedding } from './embedding.js';
import { callbackPath, OidcProblem, OidcService, type OidcAttempt } from './oidc.service.js';
import { ProblemException } from '../http/problem.js';
import { Public } from './roles.js';
import { cookieFlags, readCookie, setEmbeddedCookie, setSessionCookie } from './session-cookies.js';
import { storedText } from '../http/text-schemas.js';
import { maxPasswordLength } from './users.js';

const linkSchema = z.object({ code: z.string().optional() });
const signInMethodsSchema = z.object({ password: z.boolean(), oidc: z.boolean() }).meta({ id: 'SignInWays' });
const credentialsSchema = z
  .object({
    name: storedText().min(1).max(200),
    password: z.string().min(1).max(maxPasswordLength),
    /** For the page inside a helpdesk: sets a cookie that is valid only there */
    embedded: z.boolean().default(false),
  })
  .meta({ id: 'Credentials' });
type Credentials = z.infer<typeof credentialsSchema>;
/** Where the browser goes after the sign-in: a fixed list, to prevent open redirects. */
const returnPaths = ['/', '/embed/sign-in'] as const;
type ReturnPath = (typeof returnPaths)[number];
const toProviderSchema = z.object({ to: z.enum(returnPaths).default('/') });
const attemptSchema = z.object({ verifier: z.string(), state: z.string(), nonce: z.string(), to: z.enum(returnPaths) });

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const attemptCookie = 'replyrank_oidc';
const attemptSeconds = 600;
/** Password attempts per address and minute, for all names */
const passwordThrottle = {
  default: { limit: 30, ttl: 60_000, generateKey: (_: unknown, client: string) => `pw-${client}` },
};

/** Sign-in with a one-time link, a password, or an OpenID Connect provider */
@ApiTags('session')
@Controller()
export class SignInController {
  constructor(
    private readonly access: AccessService,
    private readonly oidc: OidcService,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  /** The available sign-in methods */
  @Get('api/v1/sign-in')
  @Public()
  @ApiOkResponse({ standardSchema: signInMethodsSchema })
  async methods() {
    return { password: await this.access.hasUsers(), oidc: this.oidc.isConfigured };
  }

  /** Signs in with a password. After five failed attempts a name is locked for half a minute, then longer. */
  @Post('api/v1/sign-in')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Public()
  @Throttle(passwordThrottle)
  @ApiNoContentResponse()
  async withPassword(
    @Body({ schema: credentialsSchema }) { name, password, embedded }: Credentials,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    if (!isSameOrigin(request)) {
      throw new ProblemException(HttpStatus.FORBIDDEN, 'the sign-in must come from a page of this service');
    }
    if (embedded) requireEmbedding(this.config);
    const answer = await this.access.signInWithPassword(name, password, new Date());
    if (answer.outcome === 'locked') {
      const seconds = String(Math.ceil((answer.until.getTime() - Date.now()) / 1000));
      const detail = `too many failed attempts: try again in ${seconds} s`;
      throw new ProblemException(HttpStatus.TOO_MANY_REQUESTS, detail, undefined, { 'Retry-After': seconds });
    }
    if (answer.outcome === 'wrong') {
      throw new ProblemException(HttpStatus.UNAUTHORIZED, 'wrong name or password');
    }
    if (embedded) setEmbeddedCookie(response, answer.secret);
    else setSessionCookie(request, response, answer.secret, this.config);
  }

  /** Signs in with the one-time link that is printed at the start. From this machine only. */
  @Get('sign-in')
  @Public()
  @ApiExcludeEndpoint()
  async withLink(
    @Query({ schema: linkSchema }) { code }: { code?: string | undefined },
    @Req() request: Request,
    @Res() response: Response,
  ) {
    if (!loopback.has(request.socket.remoteAddress ?? '') || isProxied(request)) {
      throw new ProblemException(HttpStatus.FORBIDDEN, 'the sign-in link works only on the machine of the service');
    }
    const secret = code ? await this.access.redeemLink(code) : null;
    if (!secret) {
      throw new ProblemException(
        HttpStatus.UNAUTHORIZED,
        'this link was already used or has expired: restart the service to get a new one',
      );
    }
    setSessionCookie(request, response, secret, this.config);
    response.redirect(HttpStatus.SEE_OTHER, '/');
  }

  /** Redirects to the provider. */
  @Get('sign-in/oidc')
  @Public()
  @ApiExcludeEndpoint()
  async toProvider(
    @Query({ schema: toProviderSchema }) { to }: { to: ReturnPath },
    @Req() request: Request,
    @Res() response: Response,
  ) {
    if (!this.oidc.isConfigured) {
      throw new ProblemException(HttpStatus.NOT_FOUND, 'no OpenID Connect provider is configured: set OIDC_ISSUER');
    }
    await this.redirectOnProblem(response, to, async () => {
      const { url, attempt } = await this.oidc.begin();
      // Lax, because the provider redirects back from another site.
      response.cookie(attemptCookie, Buffer.from(JSON.stringify({ ...attempt, to })).toString('base64url'), {
        ...cookieFlags(request, this.config),
        sameSite: 'lax',
        maxAge: attemptSeconds * 1000,
        path: callbackPath,
      });
      response.redirect(HttpStatus.SEE_OTHER, url.href);
    });
  }

  /** The redirect URI of the provider */
  @Get(callbackPath)
  @Public()
  @ApiExcludeEndpoint()
  async fromProvider(@Req() request: Request, @Res() response: Response) {
    const attempt = readAttempt(request);
    response.clearCookie(attemptCookie, { path: callbackPath });
    await this.redirectOnProblem(response, attempt?.to ?? '/', async () => {
      if (!attempt) throw new OidcProblem('attempt');
      const actor = await this.oidc.finish(request.originalUrl, attempt);
      setSessionCookie(request, response, await this.access.signIn(actor), this.config);
      response.redirect(HttpStatus.SEE_OTHER, attempt.to);
    });
  }

  /** Errors are shown on the page, because a person is waiting. */
  private async redirectOnProblem(response: Response, to: ReturnPath, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof OidcProblem)) throw error;
      response.redirect(HttpStatus.SEE_OTHER, `${to}?problem=${error.code}`);
    }
  }
}

const proxyHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

/** A proxy on this machine connects from it, too: its headers, or the name that the browser asked for, show it. */
function isProxied({ headers }: Request): boolean {
  return proxyHeaders.some((name) => headers[name] !== undefined) || !localHost.test(headers.host ?? '');
}

const localHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

function readAttempt(request: Request): (OidcAttempt & { to: ReturnPath }) | null {
  try {
    const text = Buffer.from(readCookie(request, attemptCookie) ?? '', 'base64url').toString();
    return attemptSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
