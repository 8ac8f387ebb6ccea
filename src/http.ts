import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import express, { type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { AccessGuard } from './access/access.guard.js';
import type { ServiceConfig } from './config.js';

const consoleDir = resolve(import.meta.dirname, '../../console/dist');
/** What belongs to the service, not to the pages. */
const servicePaths = /^\/(api|v2|health|metrics|sign-in)(\/|-json|$)/;

/** Everything around the routes: request ids, logs, headers, limits, the pages' files, the API's description. */
export function configureHttp(app: NestExpressApplication, config: ServiceConfig, logger: Logger): void {
  app.set('etag', false);
  app.disable('x-powered-by');
  app.use(requestLog(logger));
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          // The pages' component library writes its computed styles into the document.
          styleSrc: ["'self'", "'unsafe-inline'"],
          imgSrc: ["'self'", 'data:'],
          objectSrc: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
        },
      },
      // The service speaks plain HTTP; whoever puts TLS before it sets this there.
      strictTransportSecurity: false,
    }),
  );
  app.useBodyParser('json', { limit: config.HTTP_BODY_LIMIT_KB * 1024, type: ['json', '+json'] });
  serveConsole(app);
  describeApi(app);
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
    customLogLevel: (_request, response, error) => (error || response.statusCode >= 500 ? 'error' : 'debug'),
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

function serveConsole(app: NestExpressApplication): void {
  const index = join(consoleDir, 'index.html');
  app.use(express.static(consoleDir, { index: false, maxAge: '1h' }));
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (request.method !== 'GET' || servicePaths.test(request.path)) next();
    else if (existsSync(index)) response.set('Cache-Control', 'no-cache').sendFile(index);
    else response.type('text').send('Replyrank is running. Its pages have not been built: node bin/build.js\n');
  });
}

/** The OpenAPI document, generated from the code. */
export function openApiDocument(app: NestExpressApplication): OpenAPIObject {
  const description = new DocumentBuilder()
    .setTitle('Replyrank')
    .setDescription("Ranks a team's own reply templates for every ticket. Errors are problem details (RFC 9457).")
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  return SwaggerModule.createDocument(app, description);
}

/** `/api` and `/api-json` need a token like any route; they are no controllers, so the guard is asked here. */
function describeApi(app: NestExpressApplication): void {
  const guard = app.get(AccessGuard);
  app.use((request: Request, _response: Response, next: NextFunction) => {
    if (!/^\/(api-json|api-yaml|api)($|\/(?!v1))/.test(request.path)) next();
    else guard.requireActor(request, ['agent', 'lead', 'ml']).then(() => next(), next);
  });
  SwaggerModule.setup('api', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'api-json',
    yamlDocumentUrl: 'api-yaml',
  });
}
