import { Controller, Get, HttpCode, HttpStatus, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { roles } from '../records/access/api-token.entity.js';
import { AccessService } from './access.service.js';
import { StoresNothing, Roles, type Actor } from './roles.js';
import { clearSessionCookies, readCookie, embeddedCookie, sessionCookie } from './session-cookies.js';

const actorSchema = z.object({ name: z.string(), role: z.enum(roles) }).meta({ id: 'Actor' });

/** The current session */
@ApiTags('session')
@Controller('api/v1')
export class SessionController {
  constructor(private readonly access: AccessService) {}

  @Get('me')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse({ standardSchema: actorSchema })
  me(@Req() { actor: { name, role } }: { actor: Actor }) {
    return { name, role };
  }

  @Post('sign-out')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Roles('agent', 'lead', 'ml')
  @StoresNothing()
  @ApiNoContentResponse()
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const secret = readCookie(request, sessionCookie) ?? readCookie(request, embeddedCookie);
    if (secret) await this.access.signOut(secret);
    clearSessionCookies(response);
  }
}
