/** A helpdesk with a page in a frame beside its conversation, for pictures. */
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * @param origin where it is to be served, such as http://localhost:8080
 * @param page html of its one page
 * @returns a function that ends it
 */
export async function startHelpdesk(origin, page) {
  const server = createServer((_request, response) =>
    response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page),
  );
  server.listen(Number(new URL(origin).port || 80), new URL(origin).hostname);
  await once(server, 'listening');
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

/** @param ticket { subject, body, preview… } that its conversation is about, as the API has it */
export const helpdeskPage = (frameUrl, ticket, others) => `<!doctype html>
<html lang="en"><title>Conversations</title>
<style>
  :root { color-scheme: light dark; --line: light-dark(#e1e4e9, #33363d); --soft: light-dark(#f5f6f8, #1b1d21); }
  * { box-sizing: border-box }
  body { margin: 0; height: 100vh; display: grid; grid-template: 48px 1fr / 250px 1fr 340px; font: 14px/1.5 system-ui, sans-serif;
    background: light-dark(#fff, #141517); color: light-dark(#1f2329, #d6d9de) }
  header { grid-column: 1 / -1; display: flex; align-items: center; gap: 12px; padding: 0 16px; border-bottom: 1px solid var(--line); font-weight: 600 }
  header i { width: 22px; height: 22px; border-radius: 50%; background: #0c7a6b }
  ul { margin: 0; padding: 0; list-style: none; border-right: 1px solid var(--line); background: var(--soft); overflow: hidden }
  li { padding: 10px 16px; border-bottom: 1px solid var(--line); white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
  li:first-child { background: light-dark(#e3f3f0, #12302c); font-weight: 600 }
  main { display: grid; grid-template-rows: 1fr auto; min-width: 0 }
  .talk { padding: 20px }
  .talk p { max-width: 34rem; margin: 0; padding: 10px 14px; border-radius: 12px 12px 12px 2px; background: var(--soft); white-space: pre-wrap }
  .box { margin: 16px; padding: 12px; min-height: 120px; border: 1px solid var(--line); border-radius: 8px; opacity: .65 }
  iframe { width: 340px; height: 100%; border: 0; border-left: 1px solid var(--line) }
</style>
<header><i></i>Helpdesk</header>
<ul>${[ticket, ...others].map((one) => `<li>${escaped(one.subject || one.preview || one.body)}</li>`).join('')}</ul>
<main><div class="talk"><p>${escaped(ticket.body)}</p></div><div class="box">Reply to the customer …</div></main>
<iframe title="Replyrank" src="${escaped(frameUrl)}"></iframe>
</html>`;

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`);
