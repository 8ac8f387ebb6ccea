import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

/** @returns bytes of a response body as sent to a browser, compressed if the service compresses it */
export async function bytesSent(address: string): Promise<number> {
  const headers = { 'accept-encoding': 'gzip' };
  const [response] = (await once(get(address, { headers }), 'response')) as [IncomingMessage];
  let bytes = 0;
  for await (const part of response) bytes += (part as Buffer).length;
  return bytes;
}
