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
import { ProblemException, problemSchema } from './http/problem.js';
import type { ServiceConfig } from './config/config.js';

/** Compiled, this file lies a folder deeper than its source, which tests run. */
const root = resolve(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '..' : '../..');
const consoleDir = join(root, 'dist', 'console');
/** What a body may be sent as. */
const bodyTypes = ['json', '+json'];
/** A model that is busy or away is known already, from those that it is away for: no error of HTTP. */
const logLevels: Record<number, 'warn'> = { [HttpStatus.SERVICE_UNAVAILABLE]: 'warn' };
/** What is not answered with the page: the service's own routes, and a file of an older build that is gone. */
const servicePaths = /^\/(assets|api|api-json|api-yaml|v2|health|metrics|sign-in)(\/|$)/i;
/** The pages that describe the API, and what they read. */
const apiDescription = /^\/(api-json|api-yaml|api)($|[/?](?!v1))/i;

/**
 * Longer than proxies keep a connection over which nothing passes, a minute at most by their defaults: one that sends a request
 * just as the connection is closed here loses it, and a page has no style.
 */
const keepAliveMs = 75_000;

/** Everything around the routes: request ids, logs, headers, limits, the pages' files, the API's description. */
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
          // The pages that describe the API carry styles in their markup; the console does not.
          styleSrc: ["'self'", ({ url }) => (apiDescription.test(url ?? '') ? "'unsafe-inline'" : "'self'")],
          imgSrc: ["'self'", 'data:'],
          objectSrc: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
          frameAncestors: [({ url }) => frameAncestors(url, config)],
        },
      },
      frameguard: { action: 'deny' },
      // The service speaks plain HTTP; whoever puts TLS before it sets this there.
      strictTransportSecurity: false,
    }),
  );
  app.use((request: Request, response: Response, next: NextFunction) => {
    // The content security policy says by origin who may frame these pages, which this header can't.
    if (isFramedPage(request.url, config)) response.removeHeader('X-Frame-Options');
    if (keepsOpener(request.url, config)) response.removeHeader('Cross-Origin-Opener-Policy');
    next();
  });
  // Answers hold what customers wrote.
  app.use(['/api', '/v2'], (_request: Request, response: Response, next: NextFunction) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.use(refuseOtherTypes);
  app.useBodyParser('json', { limit: config.HTTP_BODY_LIMIT_KB * 1024, type: bodyTypes });
  serveConsole(app);
  describeApi(app);
}

/** A body that is no JSON would be taken for none at all. */
function refuseOtherTypes(request: Request, _response: Response, next: NextFunction): void {
  const isEmpty = request.headers['content-length'] === '0';
  if (isEmpty || request.is(bodyTypes) !== false) next();
  else next(new ProblemException(HttpStatus.UNSUPPORTED_MEDIA_TYPE, 'the body must be JSON (application/json)'));
}

/** Paths and outcomes, never a body or a query. */
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

/** The pages' files. What lies in assets/ is named by its content; everything else is asked for anew each time. */
function serveConsole(app: NestExpressApplication): void {
  const index = join(consoleDir, 'index.html');
  // Only files that are the same for everybody: an answer with secrets in it could be guessed at by its length. They are sent whole:
  // a part that is compressed by itself does not fit what a browser or a proxy has of the rest.
  const whole = { index: false, maxAge: '1y', immutable: true, acceptRanges: false };
  app.use('/assets', compression(), express.static(join(consoleDir, 'assets'), whole));
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (request.method !== 'GET' || servicePaths.test(request.path)) next();
    else if (existsSync(index)) response.set('Cache-Control', 'no-cache').sendFile(index);
    else response.type('text').send('Replyrank is running. Its pages have not been built: npm run build\n');
  });
}

/** The OpenAPI document, generated from the code. */
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

/** Nest leaves out what a route takes from its path without a schema. */
function namePathParameters(path: string, methods: object): void {
  const names = [...path.matchAll(/{(\w+)}/g)].map(([, name]) => name);
  for (const operation of Object.values(methods) as { parameters?: { name: string; in: string }[] }[]) {
    const known = operation.parameters ?? [];
    const missing = names.filter((name) => !known.some((parameter) => parameter.name === name));
    const described = missing.map((name = '') => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
    operation.parameters = [...known, ...described];
  }
}

/** A zod schema for the document. A date has no schema of its own there: its `meta` says how it is sent. */
function describeSchema(schema: unknown, { schemaType: io }: { schemaType: 'input' | 'output' }) {
  const options = { target: 'openapi-3.0', io, unrepresentable: 'any' } as const;
  const described: Record<string, unknown> = z.toJSONSchema(schema as z.ZodType, options);
  const { definitions, $schema, ...own } = described;
  return { schema: own, components: definitions as Record<string, object> | undefined };
}

/** `/api` and `/api-json` need a token like any route; they are no controllers, so the guard is asked here. */
function describeApi(app: NestExpressApplication): void {
  const guard = app.get(AccessGuard);
  app.use((request: Request, _response: Response, next: NextFunction) => {
    if (!apiDescription.test(request.path)) next();
    else guard.requireActor(request, ['agent', 'lead', 'ml']).then(() => next(), next);
  });
  // Its files lie below /api, as the routes do: each request to a route would look for a file of its name first.
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
