/**
 * The agent's page inside a helpdesk: who may embed it, and which session is valid there (docs/decisions/0009).
 *
 * Invariant: no page outside `/embed` can be embedded, and none at all if no helpdesk is configured.
 */
import { HttpStatus } from '@nestjs/common';
import type { Request } from 'express';
import type { ServiceConfig } from '../config/config.js';
import { ProblemException } from '../http/problem.js';

type Settings = Pick<ServiceConfig, 'EMBED_ORIGINS'>;

/** Origin of Zendesk's client library for apps */
const zendeskScripts = 'https://static.zdassets.com';
/** A page that only passes the window's session to the frame that opened it */
const handOverPage = '/embed/sign-in';

const isZendesk = (origin: string): boolean => new URL(origin).hostname.endsWith('.zendesk.com');
const urlPath = (url = ''): string => url.split('?')[0] ?? '';

/** @param url path and query of a request */
export function isFramedPage(url: string | undefined, { EMBED_ORIGINS }: Settings): boolean {
  const path = urlPath(url);
  return EMBED_ORIGINS.length > 0 && /^\/embed(\/|$)/.test(path) && path !== handOverPage;
}

/** `frame-ancestors` of a page. */
export const frameAncestors = (url: string | undefined, settings: Settings): string =>
  isFramedPage(url, settings) ? settings.EMBED_ORIGINS.join(' ') : "'none'";

/** `script-src` of a page. */
export const scriptSources = (url: string | undefined, settings: Settings): string =>
  isFramedPage(url, settings) && urlPath(url) === '/embed/zendesk' && settings.EMBED_ORIGINS.some(isZendesk)
    ? `'self' ${zendeskScripts}`
    : "'self'";

/** Whether a window on this page keeps a reference to its opener, which it passes the session to */
export const keepsOpener = (url: string | undefined, { EMBED_ORIGINS }: Settings): boolean =>
  EMBED_ORIGINS.length > 0 && urlPath(url) === handOverPage;

/** Header that the service's own page sends with changes. A page of another origin would need a CORS preflight. */
export const pageHeader = 'x-replyrank-page';

/**
 * Browsers send the cookie of an embedded session with requests from other pages, too, so the request's `Sec-Fetch-Site`
 * decides, for reads as well.
 *
 * @throws ProblemException 403
 */
export function requireOwnPage(request: Pick<Request, 'headers' | 'method'>, isChange: boolean): void {
  const isOwn = request.headers['sec-fetch-site'] === 'same-origin';
  if (!isOwn || (isChange && request.headers[pageHeader] === undefined)) {
    throw new ProblemException(HttpStatus.FORBIDDEN, 'an embedded session is valid for the page of this service only');
  }
}

/** @throws ProblemException 404 if no helpdesk is configured */
export function requireEmbedding({ EMBED_ORIGINS }: Settings): void {
  if (EMBED_ORIGINS.length === 0) {
    throw new ProblemException(HttpStatus.NOT_FOUND, 'embedding is not configured: set EMBED_ORIGINS');
  }
}
