/**
 * The agent's page inside a helpdesk: who may frame it, and which session counts there (docs/decisions/0009).
 *
 * Invariant: no page outside `/embed` is ever framed, and none at all where no helpdesk is configured.
 */
import { HttpStatus } from '@nestjs/common';
import type { Request } from 'express';
import type { ServiceConfig } from '../config/config.js';
import { ProblemException } from '../http/problem.js';

type Settings = Pick<ServiceConfig, 'EMBED_ORIGINS'>;

/** Where Zendesk serves the client from that an app inside it speaks to it by. */
const zendeskScripts = 'https://static.zdassets.com';
/** A page that only shows the session that the window has to the frame that opened it. */
const handOverPage = '/embed/sign-in';

const isZendesk = (origin: string): boolean => new URL(origin).hostname.endsWith('.zendesk.com');
const pathOf = (url = ''): string => url.split('?')[0] ?? '';

/** @param url path and query of a request */
export function isFramedPage(url: string | undefined, { EMBED_ORIGINS }: Settings): boolean {
  const path = pathOf(url);
  return EMBED_ORIGINS.length > 0 && /^\/embed(\/|$)/.test(path) && path !== handOverPage;
}

/** `frame-ancestors` of a page. */
export const frameAncestors = (url: string | undefined, settings: Settings): string =>
  isFramedPage(url, settings) ? settings.EMBED_ORIGINS.join(' ') : "'none'";

/** `script-src` of a page. */
export const scriptSources = (url: string | undefined, settings: Settings): string =>
  isFramedPage(url, settings) && pathOf(url) === '/embed/zendesk' && settings.EMBED_ORIGINS.some(isZendesk)
    ? `'self' ${zendeskScripts}`
    : "'self'";

/** Whether a window on this page may know the one that opened it: it hands the session over to it. */
export const keepsOpener = (url: string | undefined, { EMBED_ORIGINS }: Settings): boolean =>
  EMBED_ORIGINS.length > 0 && pathOf(url) === handOverPage;

/** The header that our own page sends with changes. A page of another origin can't, without asking first. */
export const pageHeader = 'x-replyrank-page';

/**
 * A session's cookie inside a frame is sent with requests of other pages too, so what the browser says of a request's
 * sender decides: reads count as well.
 *
 * @throws ProblemException 403
 */
export function requireOwnPage(request: Pick<Request, 'headers' | 'method'>, isChange: boolean): void {
  const isOwn = request.headers['sec-fetch-site'] === 'same-origin';
  if (!isOwn || (isChange && request.headers[pageHeader] === undefined)) {
    throw new ProblemException(
      HttpStatus.FORBIDDEN,
      'a session inside a helpdesk is for the page of this service only',
    );
  }
}

/** @throws ProblemException 404 where no helpdesk is configured */
export function requireEmbedding({ EMBED_ORIGINS }: Settings): void {
  if (EMBED_ORIGINS.length === 0) {
    throw new ProblemException(HttpStatus.NOT_FOUND, 'no helpdesk may show this page: set EMBED_ORIGINS');
  }
}
