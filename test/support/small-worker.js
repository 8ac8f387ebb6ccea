/**
 * A model process without a model, for the faults that a real one can't be talked into. It speaks the protocol of
 * src/models/model-protocol.ts; what a ticket says decides what happens:
 *   "kill"   it ends as by kill -9 while it ranks
 *   "error"  ranking throws
 *   "until:PATH"   ranking takes until there is such a file
 * Settings with the device "gpu" can't be started, and with the encoder "deadly" end the process.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const versions = new Set();
let candidates = [];

async function rank({ version, inputs }) {
  if (!versions.has(version)) throw new Error(`${version} has not been loaded`);
  const texts = inputs.map(({ body }) => body);
  if (texts.some((text) => text.includes('kill'))) {
    process.kill(process.pid, 'SIGKILL');
    await sleep(60_000);
  }
  if (texts.some((text) => text.includes('error'))) throw new Error('this text can not be ranked');
  for (const text of texts) {
    const [, path] = /^until:(.+)$/.exec(text) ?? [];
    while (path !== undefined && !existsSync(path)) await sleep(5);
  }
  return texts.map((text) => ({
    items: candidates.map(({ templateId }) => ({ templateId, probability: 1 / candidates.length })),
    setSize: candidates.length,
    // Tells which text this is the answer to.
    contactType: { value: text, probability: 1 },
    abstained: false,
    reason: null,
    embedding: null,
  }));
}

function start({ device, encoderDir }) {
  if (device === 'gpu') throw new Error('there is no GPU here');
  if (encoderDir === 'deadly') process.exit(3);
  return { info: { device, tensorflow: 'none', encoderHash: 'none' } };
}

async function answer(request) {
  if (request.kind === 'start') return start(request.settings);
  if (request.kind === 'rank') return { rankings: await rank(request) };
  if (request.kind === 'candidates') candidates = request.candidates ?? [];
  if (request.kind === 'load') {
    if (request.folder === 'broken') throw new Error('this folder holds no model');
    versions.add(request.version);
  }
  if (request.kind === 'unload') versions.delete(request.version);
  return {};
}

let turn = Promise.resolve();
process.on('message', (request) => {
  turn = turn.then(async () => {
    try {
      process.send({ id: request.id, answer: await answer(request) });
    } catch (error) {
      process.send({ id: request.id, error: error.message });
    }
  });
});
process.on('disconnect', () => process.exit(0));
