import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { HttpStatus } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import compression from 'compression';
import express, { type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { z } from 'zod';
import { AccessGuard } from './access/access.guard.js';
import { frameAncestors, isFramedPage, keepsOpener, scriptSources } from './access/embedding.js';
import { problemSchema } from './http/problem.js';
import { readBodies } from './http/request-body.js';
import { inferenceBodies } from './suggest/ranking/inference-body.js';
import type { ServiceConfig } from './config/config.js';

/** The compiled file is one folder deeper than its source, which tests run. */
const root = resolve(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '..' : '../..');
const consoleDir = join(root, 'dist', 'console');
/** A busy or unavailable model is logged elsewhere: no error of HTTP. */
const logLevels: Record<number, 'warn'> = { [HttpStatus.SERVICE_UNAVAILABLE]: 'warn' };
/** Paths that never get the page: the service's routes, and files of older builds. */
const servicePaths = /^\/(assets|api|api-json|api-yaml|v2|health|metrics|sign-in)(\/|$)/i;
/** The pages of the API description, and the documents they load */
const apiDescription = /^\/(api-json|api-yaml|api)($|[/?](?!v1))/i;

/**
 * Longer than proxies keep an idle connection, by default at most a minute: a request that is sent while this side closes the
 * connection would be lost.
 */
const keepAliveMs = 75_000;

/** Everything around the routes: request ids, logs, headers, limits, the console's files, the API description */
export function configureHttp(app: NestExpressApplication, config: ServiceConfig, logger: Logger): void {
  app.set('etag', false);
  app.disable('x-powered-by');
  const server: Server = app.getHttpServer();
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = keepAliveMs + 5_000;
  app.use(requestLog(logger));
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          scriptSrc: [({ url }) => scriptSources(url, config)],
          // The pages of the API description have inline styles; the console has none.
          styleSrc: ["'self'", ({ url }) => (apiDescription.test(url ?? '') ? "'unsafe-inline'" : "'self'")],
          imgSrc: ["'self'", 'data:'],
          objectSrc: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
          frameAncestors: [({ url }) => frameAncestors(url, config)],
        },
      },
      frameguard: { action: 'deny' },
      // The service speaks plain HTTP; the proxy that adds TLS sets this header.
      strictTransportSecurity: false,
    }),
  );
  app.use((request: Request, response: Response, next: NextFunction) => {
    // The content security policy allows embedding by origin, which this header can't express.
    if (isFramedPage(request.url, config)) response.removeHeader('X-Frame-Options');
    if (keepsOpener(request.url, config)) response.removeHeader('Cross-Origin-Opener-Policy');
    next();
  });
  // Responses contain text of customers.
  app.use(['/api', '/v2'], (_request: Request, response: Response, next: NextFunction) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.use(readBodies(config.HTTP_BODY_LIMIT_KB * 1024, [inferenceBodies]));
  serveConsole(app);
  describeApi(app);
}

/** Logs paths and status codes, never a body or a query. */
function requestLog(logger: Logger) {
  return pinoHttp({
    logger,
    genReqId: (request: IncomingMessage, response: ServerResponse) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && /^[\w.-]{1,128}$/.test(given) ? given : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    customLogLevel: (_request, { statusCode }) => logLevels[statusCode] ?? (statusCode >= 500 ? 'error' : 'debug'),
    serializers: {
      req: (request: { id: string; method: string; url: string }) => ({
        id: request.id,
        method: request.method,
        path: request.url.split('?')[0],
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
    },
  });
}

/** The console's files. Names in assets/ contain a hash of the content; everything else is revalidated. */
function serveConsole(app: NestExpressApplication): void {
  const index = join(consoleDir, 'index.html');
  // Compresses only static files: the length of a compressed response with secrets could reveal them. Without ranges, because a
  // separately compressed part does not fit the rest that a browser or a proxy has.
  const assetOptions = { index: false, maxAge: '1y', immutable: true, acceptRanges: false };
  app.use('/assets', compression(), express.static(join(consoleDir, 'assets'), assetOptions));
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (request.method !== 'GET' || servicePaths.test(request.path)) next();
    else if (existsSync(index)) response.set('Cache-Control', 'no-cache').sendFile(index);
    else response.type('text').send('Replyrank is running. Its pages are not built: run npm run build\n');
  });
}

/** The OpenAPI document, generated from the code */
export function openApiDocument(app: NestExpressApplication): OpenAPIObject {
  const description = new DocumentBuilder()
    .setTitle('Replyrank')
    .setDescription("Ranks a team's own reply templates for every ticket. Errors are problem details (RFC 9457).")
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', bearerFormat: 'rr_…' })
    .addSecurityRequirements('bearer')
    .addGlobalResponse({
      status: 'default',
      description: 'An error',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    })
    .build();
  const document = SwaggerModule.createDocument(app, description, { standardSchemaConverter: describeSchema });
  Object.assign(document.components?.schemas ?? {}, describeSchema(problemSchema, { schemaType: 'output' }).components);
  for (const [path, methods] of Object.entries(document.paths)) namePathParameters(path, methods);
  return document;
}

/** Adds path parameters without a schema, which Nest leaves out. */
function namePathParameters(path: string, methods: object): void {
  const names = [...path.matchAll(/{(\w+)}/g)].map(([, name]) => name);
  for (const operation of Object.values(methods) as { parameters?: { name: string; in: string }[] }[]) {
    const known = operation.parameters ?? [];
    const missing = names.filter((name) => !known.some((parameter) => parameter.name === name));
    const described = missing.map((name = '') => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
    operation.parameters = [...known, ...described];
  }
}

/** Converts a zod schema. A date has no JSON Schema: its `meta` gives the format. */
function describeSchema(schema: unknown, { schemaType: io }: { schemaType: 'input' | 'output' }) {
  const options = { target: 'openapi-3.0', io, unrepresentable: 'any' } as const;
  const described: Record<string, unknown> = z.toJSONSchema(schema as z.ZodType, options);
  const { definitions, $schema, ...own } = described;
  return { schema: own, components: definitions as Record<string, object> | undefined };
}

/** `/api` and `/api-json` need a token like any route; they are no controllers, so the guard is called here. */
function describeApi(app: NestExpressApplication): void {
  const guard = app.get(AccessGuard);
  app.use((request: Request, _response: Response, next: NextFunction) => {
    if (!apiDescription.test(request.path)) next();
    else guard.requireActor(request, ['agent', 'lead', 'ml']).then(() => next(), next);
  });
  // Its files are below /api, like the routes: without this, each request to a route would first look for a file.
  const withoutRoutes = Object.assign(Object.create(app) as NestExpressApplication, {
    useStaticAssets: (folder: string, { prefix }: { prefix: string }) => {
      const files = express.static(folder, { index: false });
      return app.use(prefix, (request: Request, response: Response, next: NextFunction) => {
        if (request.path.startsWith('/v1/')) next();
        else files(request, response, next);
      });
    },
  });
  SwaggerModule.setup('api', withoutRoutes, () => openApiDocument(app), {
    jsonDocumentUrl: 'api-json',
    yamlDocumentUrl: 'api-yaml',
  });
}
