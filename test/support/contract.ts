/** Holds every answer that a test gets against the API's own description. */
import { Ajv } from 'ajv';
import { default as formats } from 'ajv-formats';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { Response } from 'supertest';

export type JsonObject = Record<string, unknown>;

/** @returns what is wrong with an answer; null where it is as described, or where its path is not part of the API */
export function contractOf(document: OpenAPIObject): (response: Response) => string | null {
  const ajv = new Ajv({ strict: false, validateSchema: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(asJsonSchema(document) as JsonObject, 'api');
  const paths = Object.keys(document.paths)
    .toSorted((a, b) => a.split('{').length - b.split('{').length)
    .map((path) => ({ path, pattern: new RegExp(`^${path.replace(/{\w+}/g, '[^/]+')}$`) }));

  return (response) => {
    const { method, path: address } = (response as unknown as { req: { method: string; path: string } }).req;
    const [pathname = ''] = address.split('?');
    const found = paths.find(({ pattern }) => pattern.test(pathname));
    const operation = found && document.paths[found.path]?.[method.toLowerCase() as 'get'];
    if (!found || !operation) return null;
    const said = `${method} ${address} answered ${response.status}`;
    const known = String(response.status) in operation.responses;
    if (!known && response.status < 400) return `${said}, which is not described`;
    const status = known ? String(response.status) : 'default';
    const described = operation.responses[status] as { content?: JsonObject };
    const type = response.headers['content-type']?.split(';')[0] ?? '';
    if (!described.content) return response.text ? `${said} with a body, which is not described` : null;
    if (!(type in described.content)) return `${said} as ${type}, which is not described`;
    const place = ['paths', found.path, method.toLowerCase(), 'responses', status, 'content', type, 'schema'];
    // Of JSON Lines each line is what is described.
    const texts = type === 'application/x-ndjson' ? response.text.split('\n').filter(Boolean) : [response.text];
    const validate = ajv.compile({ $ref: `api#${place.map((part) => `/${pointer(part)}`).join('')}` });
    const wrong = texts.find((text) => !validate(JSON.parse(text)));
    if (wrong !== undefined) return `${said}: ${ajv.errorsText(validate.errors)} in ${wrong.slice(0, 400)}`;
    return status === 'default' ? problemWithProblem(said, response) : null;
  };
}

function problemWithProblem(said: string, response: Response): string | null {
  const { status, requestId, title } = response.body as { status: number; requestId?: string; title: string };
  if (status !== response.status) return `${said}, its body says ${status}`;
  if (title === '') return `${said} without a title`;
  return requestId === response.headers['x-request-id'] ? null : `${said} without its request id`;
}

const pointer = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type for it. */
function asJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJsonSchema);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = value as JsonObject;
  const schema = Object.fromEntries(Object.entries(rest).map(([name, inner]) => [name, asJsonSchema(inner)]));
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
}
