/** The cookies with a session's secret: one for top-level pages, one for the page inside a helpdesk */
import type { CookieOptions, Request, Response } from 'express';
import type { ServiceConfig } from '../config/config.js';
import { sessionSeconds } from './access.service.js';

export const sessionCookie = 'replyrank_session';
export const embeddedCookie = 'replyrank_embedded';

export const cookieFlags = (
  request: Request,
  { PUBLIC_URL }: Pick<ServiceConfig, 'PUBLIC_URL'>,
): { httpOnly: true; secure: boolean } => ({
  httpOnly: true,
  secure: request.secure || (PUBLIC_URL?.startsWith('https:') ?? false),
});

/** Partitioned by the helpdesk that embeds the page (CHIPS) */
const embeddedCookieOptions: CookieOptions = {
  httpOnly: true,
  secure: true,
  sameSite: 'none',
  partitioned: true,
  path: '/api/v1',
};

export function setSessionCookie(request: Request, response: Response, secret: string, config: ServiceConfig): void {
  response.cookie(sessionCookie, secret, {
    ...cookieFlags(request, config),
    sameSite: 'strict',
    maxAge: sessionSeconds * 1000,
    path: '/',
  });
}

export function setEmbeddedCookie(response: Response, secret: string): void {
  response.cookie(embeddedCookie, secret, { ...embeddedCookieOptions, maxAge: sessionSeconds * 1000 });
}

export function clearSessionCookies(response: Response): void {
  response.clearCookie(sessionCookie, { path: '/' });
  response.clearCookie(embeddedCookie, embeddedCookieOptions);
}

export function readCookie(request: Request, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([known]) => known === name)?.[1];
}
