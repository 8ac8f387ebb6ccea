/**
 * Stand-ins for helpdesks that frame the agent's page, over TLS as in life: every host name leads to one server with a
 * certificate of its own making. They say what Chatwoot's and Zendesk's own code says to an app inside them.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const replyrankUrl = 'https://replyrank.test';
export const chatwootUrl = 'https://desk.test';
export const zendeskUrl = 'https://acme.zendesk.com';
export const strangerUrl = 'https://stranger.test';

export interface Helpdesks {
  /** Arguments for Chromium by which it finds them */
  browserArgs: string[];
  stop: () => Promise<void>;
}

/** @param servicePort where the service listens; it is given to browsers as `replyrankUrl` */
export async function startHelpdesks(servicePort: number): Promise<Helpdesks> {
  const folder = mkdtempSync(join(tmpdir(), 'replyrank-helpdesks-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', [...args, '-subj', '/CN=helpdesks', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, answer) => {
    const { host = '' } = incoming.headers;
    const page = pages[`https://${host}`];
    if (`https://${host}` === replyrankUrl) forward(incoming, answer, servicePort);
    else if (page) answer.setHeader('Content-Type', page.type).end(page.text);
    else answer.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  rmSync(folder, { recursive: true });
  return {
    browserArgs: [`--host-resolver-rules=MAP * 127.0.0.1:${port}`],
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** What an operator's own proxy does. */
function forward(incoming: IncomingMessage, answer: ServerResponse, port: number): void {
  const { method, url, headers } = incoming;
  // A connection of its own: what ends one request can't end another.
  const onwards = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (response) => {
    // Whether the service's connection ends says nothing of the browser's.
    delete response.headers.connection;
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  onwards.on('error', () => answer.destroy());
  answer.on('close', () => onwards.destroy());
  incoming.pipe(onwards);
}

/** As the dashboard's Frame.vue of Chatwoot does: a text with JSON on load, and whenever it is asked. */
const chatwoot = `<!doctype html><title>Chatwoot</title>
<style>body{margin:0;font:14px system-ui}main{display:flex;gap:12px}iframe{border:0;width:340px;height:640px}</style>
<main><textarea aria-label="Reply box"></textarea><iframe title="Replyrank"></iframe></main>
<script>
  const frame = document.querySelector('iframe');
  let conversation = { id: 1, messages: [] };
  const tell = () => frame.contentWindow.postMessage(JSON.stringify({ event: 'appContext',
    data: { conversation, contact: { id: 7, name: 'Grace' }, currentAgent: { id: 1, name: 'Ada', email: 'ada@desk.test' } } }), '*');
  function open(id, ...texts) {
    const messages = texts.map((content, index) => ({ id: index, content, message_type: 0, created_at: 1796000000 + index }));
    conversation = { id, messages, meta: { sender: { id: 7 }, channel: 'Channel::WebWidget' } };
    tell();
  }
  window.addEventListener('message', ({ data }) => data === 'chatwoot-dashboard-app:fetch-info' && tell());
  frame.addEventListener('load', tell);
  frame.src = '${replyrankUrl}/embed/chatwoot';
</script>`;

/** The host's side of the client's protocol, and the sandbox that Zendesk puts its apps in. */
const zendesk = `<!doctype html><title>Zendesk</title>
<style>body{margin:0;font:14px system-ui}main{display:flex;gap:12px}iframe{border:0;width:320px;height:80px}</style>
<main><textarea aria-label="Reply box" rows="10"></textarea>
<iframe title="Replyrank" sandbox="allow-forms allow-popups allow-popups-to-escape-sandbox allow-same-origin allow-scripts allow-modals allow-downloads"></iframe></main>
<script>
  const [frame, editor] = [document.querySelector('iframe'), document.querySelector('textarea')];
  const ticketId = Number(new URLSearchParams(location.search).get('ticket'));
  const ticket = { 'ticket.subject': 'Top-up', 'ticket.description': 'My top-up failed, why?', 'ticket.createdAt': '2026-11-28T10:00:00Z' };
  const actions = {
    resize: ({ width, height }) => Object.assign(frame.style, { width: '320px', height }),
    'ticket.comment.appendText': (text) => { if (editor.disabled) throw new Error('no comment'); editor.value += text; },
  };
  const requests = {
    get: (paths) => Object.fromEntries(paths.map((path) => [path, ticket[path]])),
    invoke: (called) => Object.fromEntries(Object.entries(called).map(([name, values]) => [name, actions[name](...values)])),
  };
  window.addEventListener('message', ({ data, origin }) => {
    if (origin !== '${replyrankUrl}') return;
    const { key, id, request, params } = JSON.parse(data);
    const say = (message) => frame.contentWindow.postMessage(JSON.stringify(message), origin);
    if (key === 'iframe.handshake') say({ key: 'zaf.app.registered', message: {
      context: { product: 'support', location: 'ticket_sidebar', ticketId, account: { subdomain: 'acme' } },
      metadata: { appId: 1, installationId: 2, settings: { address: '${replyrankUrl}', source: 'helpdesk' } } } });
    else if (request) {
      try { say({ id, result: requests[request](params) }); } catch ({ name, message }) { say({ id, error: { name, message } }); }
    }
  });
  const parameters = new URLSearchParams({ origin: location.origin, app_guid: 'b7c1' });
  frame.src = '${replyrankUrl}/embed/zendesk?' + parameters;
</script>`;

/** What of Zendesk's client (zendesk_app_framework_sdk 2.0, Apache-2.0) an app here uses, by the same messages. */
const zafClient = `window.ZAFClient = { init() {
  const parameters = new URLSearchParams(location.search);
  const [origin, appGuid] = [parameters.get('origin'), parameters.get('app_guid')];
  if (!origin || !appGuid) return false;
  const pending = new Map();
  let registered;
  const ready = new Promise((settle) => { registered = settle; });
  const post = (message) => parent.postMessage(JSON.stringify({ ...message, appGuid, instanceGuid: appGuid }), origin);
  window.addEventListener('message', (event) => {
    if (event.origin !== origin || event.source !== parent) return;
    const data = JSON.parse(event.data);
    const waiting = pending.get(data.id);
    if (waiting && data.error) waiting.reject(Object.assign(new Error(data.error.message), { name: data.error.name }));
    else if (waiting) waiting.settle(data.result);
    else if (data.key === 'zaf.app.registered') registered(data.message);
  });
  const ask = async (request, params) => {
    await ready;
    const id = pending.size + 1;
    const answer = new Promise((settle, reject) => pending.set(id, { settle, reject }));
    post({ id, request, params });
    return answer;
  };
  post({ key: 'iframe.handshake', message: { version: '2.0' } });
  return {
    context: async () => (await ready).context,
    metadata: async () => (await ready).metadata,
    get: (paths) => ask('get', paths),
    invoke: (action, ...values) => ask('invoke', { [action]: values }),
  };
} };`;

const stranger = `<!doctype html><title>A stranger</title>
<iframe title="Replyrank" src="${replyrankUrl}/embed?source=helpdesk&ticketId=1"></iframe>`;

const html = (text: string) => ({ type: 'text/html', text });
const pages: Record<string, { type: string; text: string }> = {
  [chatwootUrl]: html(chatwoot),
  [zendeskUrl]: html(zendesk),
  [strangerUrl]: html(stranger),
  'https://static.zdassets.com': { type: 'text/javascript', text: zafClient },
};
