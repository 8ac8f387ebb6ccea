/**
 * `npm run architecture:picture`: draws which room of src imports which, as docs/pictures/architecture.svg, and prints what
 * was counted as one JSON line. The rules are those of .dependency-cruiser.js.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { instance } from '@viz-js/viz';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const depcruise = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
const words = [depcruise, '--config', '.dependency-cruiser.js', '--output-type', 'json', 'src', 'migrations'];
const { modules, summary } = JSON.parse(
  execFileSync(process.execPath, words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 }),
);

/** The parts that everybody may use stand together at the bottom. */
const ground = [
  'config',
  'statistics',
  'processes',
  'json',
  'files',
  'messages',
  'records',
  'http',
  'access',
  'database',
  'events',
];

function roomOf(path) {
  const [, part, room, file] = /^src\/([^/]+)(?:\/([^/]+))?(?:\/(.+))?$/.exec(path) ?? [];
  if (part === undefined) return null;
  if (room === undefined) return { part: 'top', room: 'top' };
  const isRoom = file !== undefined && part !== 'commands';
  return { part, room: isRoom ? `${part}/${room}` : part };
}

const files = new Map();
const arrows = new Map();
for (const { source, dependencies } of modules) {
  const from = roomOf(source);
  if (!from) continue;
  files.set(dirname(source), (files.get(dirname(source)) ?? 0) + 1);
  for (const { resolved } of dependencies) {
    const to = roomOf(resolved);
    if (!to || to.room === from.room) continue;
    const key = `${from.room}|${to.room}`;
    arrows.set(key, { from, to, count: (arrows.get(key)?.count ?? 0) + 1 });
  }
}
const rooms = new Map([...arrows.values()].flatMap(({ from, to }) => [from, to]).map((one) => [one.room, one]));

/** A graph without the arrows that follow from others: each name with what it points to directly. */
function reduced(graph) {
  const reach = (from, seen = new Set()) => {
    for (const to of graph.get(from) ?? []) if (!seen.has(to)) reach(to, seen.add(to));
    return seen;
  };
  return [...graph].flatMap(([from, targets]) => {
    const detours = new Set([...targets].flatMap((to) => [...reach(to)]));
    return [...targets].filter((to) => !detours.has(to)).map((to) => [from, to]);
  });
}
const graphOf = (pairs) => {
  const graph = new Map();
  for (const [from, to] of pairs) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  return graph;
};
/** The command line starts the service, and the service's launch is a command's: one block. */
const blockOf = ({ part }) => (ground.includes(part) ? 'ground' : part === 'commands' ? 'top' : part);
const blocks = [...new Set([...rooms.values()].map(blockOf))];
const inside = reduced(
  graphOf(
    [...arrows.values()]
      .filter(({ from, to }) => blockOf(from) === blockOf(to))
      .map(({ from, to }) => [from.room, to.room]),
  ),
);
const between = reduced(
  graphOf(
    [...arrows.values()]
      .filter(({ from, to }) => blockOf(from) !== blockOf(to))
      .map(({ from, to }) => [blockOf(from), blockOf(to)]),
  ),
);

/** A room that stands for its block where an arrow begins or ends at the whole of it. */
function anchor(block, isSource) {
  const own = [...rooms.values()].filter((one) => blockOf(one) === block).map(({ room }) => room);
  const [head = new Set(), tail = new Set()] = [inside.map(([, to]) => to), inside.map(([from]) => from)].map(
    (all) => new Set(all),
  );
  return own.find((room) => !(isSource ? tail : head).has(room)) ?? own[0];
}
const labels = { top: 'main, app.module, cli', monitoring: 'messages, schema', models: 'ranker' };
const node = ({ part, room }) =>
  `"${room}" [label="${labels[room] ?? room.slice(room === part ? 0 : part.length + 1)}"]`;
const frame = (block) =>
  `subgraph "cluster_${block}" { label="${block}"; labeljust=l; style="rounded,filled"; color="#d0d7de"; fillcolor="#f6f8fa"; fontsize=15; ${[
    ...rooms.values(),
  ]
    .filter((one) => blockOf(one) === block)
    .map(node)
    .join('; ')} }`;
const dot = `digraph {
  rankdir=TB; ranksep=0.45; nodesep=0.25; compound=true; bgcolor="white"; fontname="Helvetica"; pad=0.2;
  node [shape=box, style="rounded,filled", fillcolor="white", color="#8c959f", fontname="Helvetica", fontsize=12, height=0.32];
  edge [color="#57606a", arrowsize=0.6];
  ${blocks.map(frame).join('\n  ')}
  ${inside.map(([from, to]) => `"${from}" -> "${to}"`).join('\n  ')}
  edge [color="#0969da", penwidth=1.8, arrowsize=0.9];
  ${between.map(([from, to]) => `"${anchor(from, true)}" -> "${anchor(to, false)}" [ltail="cluster_${from}", lhead="cluster_${to}"]`).join('\n  ')}
}`;
const svg = (await instance()).renderString(dot, { format: 'svg' });
writeFileSync(join(root, 'docs', 'pictures', 'architecture.svg'), svg);

const violations = summary.violations.map(({ rule }) => rule.name);
const [folder, most] = [...files].toSorted(([, a], [, b]) => b - a)[0];
console.log(
  JSON.stringify({
    rooms: rooms.size,
    arrows: arrows.size,
    circles: violations.filter((name) => name === 'no-circle').length,
    arrowsUp: violations.filter((name) => name.startsWith('src/') || name === 'nobody-imports-the-top').length,
    largestFolder: { folder, files: most },
  }),
);
