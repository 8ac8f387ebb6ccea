/** Which helpdesks may embed the agent's page in a frame. */
import { z } from 'zod';

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** https or loopback: browsers send no session cookie to any other origin in a frame. */
export function isTrustworthy(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname));
}

const isOrigin = (text: string): boolean =>
  URL.canParse(text) && new URL(text).origin === text && !text.includes('*') && isTrustworthy(text);

export const embedOrigins = z
  .string()
  .transform((list, context) => {
    const origins = list
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean);
    const wrong = origins.filter((origin) => !isOrigin(origin));
    if (wrong.length > 0) {
      const message = `${wrong.join(', ')}: must be an origin such as https://helpdesk.example.com, without a path or *`;
      context.addIssue({ code: 'custom', message });
    }
    return [...new Set(origins)];
  })
  .default([])
  .describe("Helpdesks that may embed the agent's page in a frame: comma-separated https origins; requires PUBLIC_URL");
