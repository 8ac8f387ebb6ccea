import { Controller, Get, HttpCode, HttpStatus, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { roles } from '../records/api-token.entity.js';
import { sessionCookie, sessionSecretOf } from './access.guard.js';
import { AccessService, sessionSeconds } from './access.service.js';
import { ProblemException } from './problem.js';
import { Public, Roles, type Actor } from './roles.js';

const actorSchema = z.object({ name: z.string(), role: z.enum(roles) }).meta({ id: 'Actor' });
const linkSchema = z.object({ code: z.string().optional() });
const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** Signing a browser in and out. */
@ApiTags('session')
@Controller()
export class SessionController {
  constructor(private readonly access: AccessService) {}

  /** The one-time link that is printed at the start. Works from this machine only. */
  @Get('sign-in')
  @Public()
  @ApiExcludeEndpoint()
  async signIn(
    @Query({ schema: linkSchema }) { code }: { code?: string | undefined },
    @Req() request: Request,
    @Res() response: Response,
  ) {
    if (!loopback.has(request.socket.remoteAddress ?? '')) {
      throw new ProblemException(HttpStatus.FORBIDDEN, 'the sign-in link works on the machine of the service only');
    }
    const secret = code ? await this.access.redeemLink(code) : null;
    if (!secret) {
      throw new ProblemException(
        HttpStatus.UNAUTHORIZED,
        'this link was used already or is too old: a new start prints a new one',
      );
    }
    response.cookie(sessionCookie, secret, {
      httpOnly: true,
      sameSite: 'strict',
      secure: request.secure,
      maxAge: sessionSeconds * 1000,
      path: '/',
    });
    response.redirect(HttpStatus.SEE_OTHER, '/');
  }

  @Get('api/v1/me')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: actorSchema })
  me(@Req() request: { actor: Actor }) {
    return request.actor;
  }

  @Post('api/v1/sign-out')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Roles('agent', 'lead', 'ml')
  @ApiNoContentResponse()
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const secret = sessionSecretOf(request);
    if (secret) await this.access.signOut(secret);
    response.clearCookie(sessionCookie, { path: '/' });
  }
}
