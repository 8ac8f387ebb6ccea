import { Body, Controller, Get, HttpCode, HttpStatus, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { CONFIG, type ServiceConfig } from '../config/config.js';
import { AccessService } from './access.service.js';
import { requireEmbedding, requireOwnPage } from './embedding.js';
import { ProblemException } from '../http/problem.js';
import { StoresNothing, Public, Roles } from './roles.js';
import { readCookie, sessionCookie, setEmbeddedCookie } from './session-cookies.js';

const embeddingSchema = z.object({ origins: z.array(z.string()) }).meta({ id: 'Embedding' });
const handOverSchema = z.object({ code: z.string().max(200) }).meta({ id: 'HandOver' });

/** The agent's page inside a helpdesk: which helpdesks may embed it, and how its frame gets a session */
@ApiTags('session')
@Controller('api/v1/embedding')
export class EmbeddingController {
  constructor(
    private readonly access: AccessService,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  /** Origins of the helpdesks that may embed the page; it ignores messages from any other. */
  @Get()
  @Public()
  @ApiOkResponse({ standardSchema: embeddingSchema })
  origins() {
    return { origins: this.config.EMBED_ORIGINS };
  }

  /** Creates a code with which a frame of the page can start a session, once, within 30 s. Requires a browser session, not a token. */
  @Post('hand-over')
  @HttpCode(HttpStatus.OK)
  @Roles('agent', 'lead', 'ml')
  @StoresNothing()
  @ApiOkResponse({ standardSchema: handOverSchema })
  async handOver(@Req() request: Request) {
    requireEmbedding(this.config);
    const code = await this.access.handOver(readCookie(request, sessionCookie) ?? '');
    if (code === null) {
      throw new ProblemException(HttpStatus.FORBIDDEN, 'requires a session of a top-level window');
    }
    return { code };
  }

  /** Starts a session in the frame with the code of the top-level window. */
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
      throw new ProblemException(HttpStatus.UNAUTHORIZED, 'the code was already used or has expired: sign in again');
    }
    setEmbeddedCookie(response, secret);
  }
}
