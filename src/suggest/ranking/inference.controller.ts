import { Body, Controller, Get, HttpCode, HttpStatus, Inject, Param, Post, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { prepareTicket } from '../../preparation/prepare-ticket.js';
import { ProblemException } from '../../http/problem.js';
import { StoresNothing, Roles } from '../../access/roles.js';
import { inferBodySchema, inferResponse, readTexts, type InferBody } from './inference-message.js';
import { encodeInference, headerLength } from './inference-body.js';
import { ChampionService } from '../versions/champion.service.js';
import { orServiceUnavailable } from './model-unavailable.js';

const modelName = 'replyrank';
const responseSchema = (properties: Record<string, z.ZodType>) => ({ standardSchema: z.looseObject(properties) });

/**
 * The Open Inference Protocol, version 2, over REST, as in KServe and Triton. The only model is `replyrank`; its versions are
 * those of the registry, and only the serving version responds.
 */
@ApiTags('inference')
@Controller('v2')
export class InferenceController {
  constructor(
    private readonly champion: ChampionService,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  @Get()
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse(responseSchema({ name: z.string(), version: z.string(), extensions: z.array(z.string()) }))
  server() {
    const { device } = this.champion.status();
    return { name: modelName, version: '2', extensions: ['binary_tensor_data'], device };
  }

  @Get('health/live')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse(responseSchema({ live: z.boolean() }))
  live() {
    return { live: true };
  }

  @Get('health/ready')
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse(responseSchema({ ready: z.boolean() }))
  ready() {
    const { state } = this.champion.status();
    if (state !== 'running')
      throw new ProblemException(HttpStatus.SERVICE_UNAVAILABLE, `the model process is ${state}`);
    return { ready: true };
  }

  @Get(['models/:name', 'models/:name/versions/:version'])
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse(responseSchema({ name: z.string(), versions: z.array(z.string()), platform: z.string() }))
  metadata(@Param() path: { name: string; version?: string }) {
    const { device, version } = this.served(path);
    return {
      name: modelName,
      versions: [version ?? ''],
      platform: 'tensorflow',
      device,
      inputs: [
        { name: 'text', datatype: 'BYTES', shape: [-1] },
        { name: 'subject', datatype: 'BYTES', shape: [-1], parameters: { optional: true } },
      ],
      outputs: [
        { name: 'template_id', datatype: 'BYTES', shape: [-1, -1] },
        { name: 'probability', datatype: 'FP32', shape: [-1, -1] },
        { name: 'abstained', datatype: 'BOOL', shape: [-1] },
      ],
    };
  }

  @Get(['models/:name/ready', 'models/:name/versions/:version/ready'])
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse(responseSchema({ name: z.string(), ready: z.boolean() }))
  modelReady(@Param() path: { name: string; version?: string }) {
    this.served(path);
    return { name: modelName, ...this.ready() };
  }

  @StoresNothing()
  @Post(['models/:name/infer', 'models/:name/versions/:version/infer'])
  @HttpCode(HttpStatus.OK)
  @Roles('agent', 'lead', 'ml')
  @ApiOkResponse(responseSchema({ model_name: z.string(), outputs: z.array(z.looseObject({ name: z.string() })) }))
  async infer(
    @Param() path: { name: string; version?: string },
    @Body({ schema: inferBodySchema }) body: InferBody,
    @Res({ passthrough: true }) response: Response,
  ) {
    this.served(path);
    const inputs = readTexts(body).map((text) => {
      const ticket = { ...text, channel: null, language: null, contactType: null, fields: {} };
      return prepareTicket(ticket, this.config.REDACT);
    });
    const answers = await orServiceUnavailable(this.champion.rank(inputs));
    const answer = { model_name: modelName, ...inferResponse(body, answers) };
    const binary = encodeInference(body, answer);
    if (binary === null) return answer;
    response.set(headerLength, String(binary.jsonLength));
    return new StreamableFile(binary.bytes, { type: 'application/octet-stream', length: binary.bytes.length });
  }

  /** @throws ProblemException 404 for another model or a version that does not serve */
  private served({ name, version }: { name: string; version?: string }) {
    const status = this.champion.status();
    if (name !== modelName || (version !== undefined && version !== status.version)) {
      const requested = version === undefined ? name : `${name} in version ${version}`;
      throw new ProblemException(
        HttpStatus.NOT_FOUND,
        `${requested} is not served; the serving model is ${modelName} ${status.version ?? ''}`,
      );
    }
    return status;
  }
}
