/** The model in service, while its process dies, is full, changes its version or can't be started. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { childEnvironment } from '../../../src/config/config.js';
import { ModelProcess, type ModelProcessOptions } from '../../../src/models/serving/model-process.js';
import { ModelBusy, ModelUnavailable } from '../../../src/models/serving/rank-queue.js';
import type { RankInput } from '../../../src/models/ranker.js';
import { modelWorkerFile } from '../../../src/models/jobs/worker-files.js';
import { model } from '../../support/app.js';
import { waitFor } from '../../support/waiting.js';

const smallWorker = join(import.meta.dirname, '../../support/small-worker.js');
const running: ModelProcess[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

const templates = ['refund', 'fees'].map((templateId) => ({
  templateId,
  title: templateId,
  body: `About ${templateId}`,
  contactTypes: [],
}));

function made(options: Partial<ModelProcessOptions> = {}): ModelProcess {
  const one = new ModelProcess({
    settings: { encoderDir: '', cacheDir: '', device: 'cpu' },
    workerFile: smallWorker,
    environment: childEnvironment(),
    maxBatch: 8,
    maxWaitMs: 1,
    maxQueue: 1000,
    ...options,
  });
  running.push(one);
  return one;
}

async function started(options: Partial<ModelProcessOptions> = {}): Promise<ModelProcess> {
  const one = made(options);
  await one.start();
  await one.setCandidates(templates);
  await one.activate('v1', null);
  return one;
}

const text = (body: string): RankInput => ({
  subject: '',
  body,
  channel: null,
  language: null,
  contactType: null,
  fields: {},
});
const texts = (count: number, prefix = 'ticket'): RankInput[] =>
  Array.from({ length: count }, (_, index) => text(`${prefix} ${index}`));
const bodies = (inputs: RankInput[]): string[] => inputs.map(({ body }) => body);
/** Which text each answer belongs to, or why it has none. */
const answered = (answers: Awaited<ReturnType<ModelProcess['rank']>>): (string | null | undefined)[] =>
  answers.map(({ ranking }) => ranking.reason ?? ranking.contactType?.value);
const kill = (one: ModelProcess): boolean => process.kill(one.status().pid ?? NaN, 'SIGKILL');
/** Kills it, and is back as soon as that has been seen. */
async function killed(one: ModelProcess): Promise<void> {
  const died = once(one, 'died');
  kill(one);
  await died;
}
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Ids of the processes that this one has started. */
const children = (): string => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();

describe('in normal operation', () => {
  test('tickets of several callers share calls, and everybody gets their own answers in order', async () => {
    const one = await started();
    const sizes: number[] = [];
    one.on('batch', ({ size }) => sizes.push(size));
    const callers = ['a', 'b', 'c'].map((name) => texts(5, name));
    const answers = await Promise.all(callers.map((inputs) => one.rank(inputs)));
    expect(answers.map(answered)).toEqual(callers.map(bodies));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(15);
    expect(sizes.length).toBeLessThan(15);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8);
  });

  test('it says on what it runs, and which version', async () => {
    const one = await started();
    expect(one.status()).toMatchObject({ state: 'running', device: 'cpu', version: 'v1', queue: 0, restarts: 0 });
  });
});

describe('kill -9 in the middle', () => {
  test('loses no ticket, and answers each once with its own ranking', async () => {
    const one = await started({ maxBatch: 4 });
    let kills = 0;
    one.on('batch', () => {
      if (kills < 3 && one.status().pid !== null) {
        kills += 1;
        kill(one);
      }
    });
    const inputs = texts(60);
    const answers = await Promise.all(inputs.map((input) => one.rank([input])));
    expect(answered(answers.flat())).toEqual(bodies(inputs));
    expect(kills).toBe(3);
    expect(one.status()).toMatchObject({ state: 'running', restarts: 3, version: 'v1' });
  });

  test('keeps the templates and the version for those who come afterwards', async () => {
    const one = await started();
    await killed(one);
    const [answer] = await one.rank([text('afterwards')]);
    expect(answer).toMatchObject({ version: 'v1', ranking: { setSize: 2, contactType: { value: 'afterwards' } } });
  });

  test('leaves no process behind when the service stops just then', async () => {
    const one = await started();
    await killed(one);
    expect(one.status().state).toBe('restarting');
    const waiting = one.rank([text('too late')]);
    await Promise.all([one.stop(), expect(waiting).rejects.toThrow(ModelUnavailable)]);
    expect(one.status()).toMatchObject({ state: 'stopped', pid: null });
    await expect(one.rank([text('later still')])).rejects.toThrow(ModelUnavailable);
    await waitFor('no process to be left', children, (ids) => ids === '');
  });
});

describe('a ticket that kills the process', () => {
  test('is found among others, which are ranked', async () => {
    const one = await started();
    const inputs = [...texts(5), text('please kill me'), ...texts(5, 'more')];
    const answers = await one.rank(inputs);
    expect(answered(answers)).toEqual(bodies(inputs).map((body) => (body.includes('kill') ? 'model-error' : body)));
    expect(answers[5]?.ranking).toMatchObject({ abstained: true, items: [] });
    expect(await one.rank([text('next')]).then(answered)).toEqual(['next']);
  });

  test('is found wherever it stands, and however many there are', async () => {
    const one = await started();
    const crowd = fc.array(fc.constantFrom('fine', 'fine', 'fine', 'fine', 'kill'), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(crowd, async (kinds) => {
        const inputs = kinds.map((kind, index) => text(`${kind} ${index}`));
        const answers = await one.rank(inputs);
        expect(answered(answers)).toEqual(bodies(inputs).map((b) => (b.startsWith('kill') ? 'model-error' : b)));
      }),
      { numRuns: 5 },
    );
  });

  test('counts no more than one whose ranking fails', async () => {
    const one = await started();
    const inputs = [text('a'), text('an error'), text('b')];
    expect(answered(await one.rank(inputs))).toEqual(['a', 'model-error', 'b']);
    expect(one.status()).toMatchObject({ restarts: 0, state: 'running' });
  });
});

/** Lets a model rank a text that it is not done with before it is released. */
async function occupied(one: ModelProcess) {
  const folder = await mkdtemp(join(tmpdir(), 'replyrank-model-'));
  const body = `until:${join(folder, 'released')}`;
  const answers = one.rank([text(body)]);
  await waitFor(
    'the text to be with the model',
    () => one.status().queue,
    (queued) => queued === 0,
  );
  return {
    body,
    answers: answers.finally(() => rm(folder, { recursive: true })),
    release: () => writeFile(join(folder, 'released'), ''),
  };
}

describe('too many tickets', () => {
  test('are refused with a retry; accepted ones are answered', async () => {
    const one = await started({ maxBatch: 1, maxQueue: 4 });
    const first = await occupied(one);
    const let_in = one.rank(texts(4));
    await expect(one.rank([text('one too many')])).rejects.toThrow(ModelBusy);
    await expect(one.rank([text('and another')])).rejects.toThrow('MODEL_MAX_QUEUE');
    await first.release();
    expect(answered([...(await first.answers), ...(await let_in)])).toEqual([first.body, ...bodies(texts(4))]);
    expect(answered(await one.rank([text('again')]))).toEqual(['again']);
  });

  test('are taken together where nothing waits, also more than the queue holds', async () => {
    const one = await started({ maxQueue: 4 });
    expect(await one.rank(texts(20))).toHaveLength(20);
  });
});

describe('what can wait', () => {
  test('comes after every ticket that somebody waits for, and is answered all the same', async () => {
    const one = await started({ maxBatch: 1 });
    const order: string[] = [];
    const asked = (urgency: 'interactive' | 'background', inputs: RankInput[]) =>
      inputs.map((input) => one.rank([input], null, urgency).then(() => order.push(input.body)));
    const first = await occupied(one);
    const all = [...asked('background', texts(20, 'behind')), ...asked('interactive', texts(20, 'now'))];
    await first.release();
    await Promise.all([first.answers, ...all]);
    expect(order).toEqual([...bodies(texts(20, 'now')), ...bodies(texts(20, 'behind'))]);
  });

  test('takes no room from tickets, and is refused with a retry beyond its own', async () => {
    const one = await started({ maxBatch: 1, maxQueue: 4 });
    const first = await occupied(one);
    const behind = one.rank(texts(256, 'behind'), null, 'background');
    await expect(one.rank([text('one too many')], null, 'background')).rejects.toThrow(ModelBusy);
    await first.release();
    expect(answered(await one.rank(texts(4)))).toEqual(bodies(texts(4)));
    expect(answered(await behind)).toEqual(bodies(texts(256, 'behind')));
    await first.answers;
  });
});

describe('another version', () => {
  test('takes over without losing a request', async () => {
    const one = await started({ maxBatch: 4 });
    let going = true;
    const seen: string[] = [];
    const callers = texts(6, 'caller').map(async (input) => {
      while (going) {
        const [answer] = await one.rank([input]);
        expect(answer?.ranking.contactType?.value).toBe(input.body);
        seen.push(answer?.version ?? '');
      }
    });
    for (const version of ['v2', 'v3', 'v4']) {
      await one.activate(version, null);
      const from = seen.length;
      await waitFor(
        `answers of ${version}`,
        () => seen.slice(from),
        (versions) => versions.includes(version),
      );
    }
    going = false;
    await Promise.all(callers);
    expect([...new Set(seen)].toSorted()).toEqual(['v1', 'v2', 'v3', 'v4'].filter((version) => seen.includes(version)));
    expect(seen.at(-1)).toBe('v4');
    expect(one.status()).toMatchObject({ version: 'v4', restarts: 0 });
  });

  test('that can not be loaded leaves the old one in service', async () => {
    const one = await started();
    await expect(one.activate('v2', 'broken')).rejects.toThrow('this folder holds no model');
    expect(await one.rank([text('still here')])).toMatchObject([{ version: 'v1', ranking: { reason: null } }]);
  });
});

describe('a start that fails', () => {
  test('says why', async () => {
    const settings = { encoderDir: '', cacheDir: '', device: 'gpu' as const };
    await expect(made({ settings }).start()).rejects.toThrow('there is no GPU here');
    const deadly = { encoderDir: 'deadly', cacheDir: '', device: 'cpu' as const };
    await expect(made({ settings: deadly }).start()).rejects.toThrow('ended with exit code 3');
    await expect(made({ workerFile: '/nowhere.js' }).start()).rejects.toThrow('ended with exit code 1');
  });

  test('and nobody is kept waiting for it', async () => {
    await expect(made().rank([text('too early')])).rejects.toThrow(ModelUnavailable);
    const one = made();
    await one.start();
    await expect(one.rank([text('nothing loaded')])).rejects.toThrow('no model has been loaded yet');
  });
});

describe('the real process', () => {
  test('ranks by the templates, is back after kill -9 with the same answers, and ends when it is stopped', async () => {
    const { ENCODER_DIR: encoderDir, STORE_DIR: cacheDir, tensorflow } = await model();
    const one = await started({
      settings: { encoderDir, cacheDir, device: tensorflow.device },
      workerFile: modelWorkerFile,
      environment: childEnvironment(tensorflow.environment),
    });
    await one.setCandidates([
      { templateId: 'refund', title: 'Refund', body: 'We give you your money back.', contactTypes: [] },
      { templateId: 'arrival', title: 'Card arrival', body: 'Your new card is on its way by post.', contactTypes: [] },
    ]);
    const questions = [text('When does my new card arrive by post?'), text('I want my money back'), text('')];
    const before = await one.rank(questions);
    expect(before.map(({ ranking }) => ranking.items[0]?.templateId).slice(0, 2)).toEqual(['arrival', 'refund']);
    expect(before[2]?.ranking.reason).toBe('empty-text');
    expect(before[0]?.ranking.embedding).toHaveLength(384);
    kill(one);
    const after = await one.rank(questions);
    after.forEach(({ ranking }, row) => {
      ranking.items.forEach(({ templateId, probability }, place) => {
        expect(templateId).toBe(before[row]?.ranking.items[place]?.templateId);
        expect(probability).toBeCloseTo(before[row]?.ranking.items[place]?.probability ?? NaN, 4);
      });
    });
    const { pid, device } = one.status();
    expect(device).toBe(tensorflow.device);
    await one.stop();
    expect(isAlive(pid ?? NaN)).toBe(false);
  });
});
