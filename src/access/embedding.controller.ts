import { Body, Controller, Get, HttpCode, HttpStatus, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import { AccessService } from './access.service.js';
import { requireEmbedding, requireOwnPage } from './embedding.js';
import { ProblemException } from '../http/problem.js';
import { ChangesNothing, Public, Roles } from './roles.js';
import { cookieOf, sessionCookie, setEmbeddedCookie } from './session-cookies.js';

const embeddingSchema = z.object({ origins: z.array(z.string()) }).meta({ id: 'Embedding' });
const handOverSchema = z.object({ code: z.string().max(200) }).meta({ id: 'HandOver' });

/** The agent's page inside a helpdesk: which ones may show it, and how a frame there gets a session. */
@ApiTags('session')
@Controller('api/v1/embedding')
export class EmbeddingController {
  constructor(
    private readonly access: AccessService,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  /** Origins of the helpdesks that may show the page in a frame; the page listens to no others. */
  @Get()
  @Public()
  @ApiOkResponse({ standardSchema: embeddingSchema })
  origins() {
    return { origins: this.config.EMBED_ORIGINS };
  }

  /** By a browser's session, never by a token: a code that a frame of the page may begin a session with, once, within 30 s. */
  @Post('hand-over')
  @HttpCode(HttpStatus.OK)
  @Roles('agent', 'lead', 'ml')
  @ChangesNothing()
  @ApiOkResponse({ standardSchema: handOverSchema })
  async handOver(@Req() request: Request) {
    requireEmbedding(this.config);
    const code = await this.access.handOver(cookieOf(request, sessionCookie) ?? '');
    if (code === null) {
      throw new ProblemException(HttpStatus.FORBIDDEN, 'only the session of a window of its own can be handed over');
    }
    return { code };
  }

  /** In the frame: begins a session with the code that a window has handed over. */
  @Post('session')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Public()
  @ApiNoContentResponse()
  async begin(
    @Body({ schema: handOverSchema }) { code }: z.infer<typeof handOverSchema>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    requireEmbedding(this.config);
    requireOwnPage(request, true);
    const secret = await this.access.redeemHandOver(code);
    if (secret === null) {
      throw new ProblemException(HttpStatus.UNAUTHORIZED, 'this sign-in was used already or is too old: sign in again');
    }
    setEmbeddedCookie(response, secret);
  }
}
