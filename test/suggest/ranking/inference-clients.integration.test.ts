/** Clients of the Open Inference Protocol as they are: Triton's own client, and the bytes that such clients send. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wholeService, type TestApp } from '../../support/app.js';
import { pythonWith, runPython } from '../../support/python.js';
import { waitFor } from '../../support/waiting.js';

let service: TestApp;
let address: string;
beforeAll(async () => {
  service = await wholeService();
  address = (await service.app.getUrl()).replace('[::1]', '127.0.0.1');
  for (const [id, body] of [
    ['arrival', 'Your new card is on its way to you by post.'],
    ['refund', 'We have given you your money back.'],
  ]) {
    await service.request.post('/api/v1/templates').set(service.as('lead')).send({ id, title: id, body });
  }
  await waitFor('the model to know the templates', async () => {
    const ranked = await service.request.post('/api/v1/rank').set(service.as('ml')).send({ text: 'money back' });
    return (ranked.body as { items: unknown[] }).items.length === 2;
  });
});
afterAll(() => service.stop());

const texts = ['Where is the card you sent by post?', '', 'Give me my money back – über alles'];
const bytesOf = (strings: readonly string[]): Buffer =>
  Buffer.concat(
    strings.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );
/** Without a content type, as Triton's client sends it. */
const send = (body: Buffer, headers: Record<string, string> = {}) =>
  fetch(`${address}/v2/models/replyrank/infer`, { method: 'POST', headers: { ...service.as('ml'), ...headers }, body });
const binary = (request: object, tensors: Buffer, length?: number) => {
  const json = Buffer.from(JSON.stringify(request));
  return send(Buffer.concat([json, tensors]), {
    'Inference-Header-Content-Length': String(length ?? json.length),
    'Content-Type': 'application/octet-stream',
  });
};
const binaryText = (tensor: Buffer, more: object = {}) => ({
  inputs: [{ name: 'text', datatype: 'BYTES', shape: [texts.length], parameters: { binary_data_size: tensor.length } }],
  ...more,
});

describe('a request of the Open Inference Protocol', () => {
  test('needs no content type, and members that are null are as if absent', async () => {
    const answer = await send(
      Buffer.from(
        JSON.stringify({
          id: null,
          parameters: null,
          outputs: null,
          inputs: [{ name: 'text', datatype: 'BYTES', shape: [2], parameters: null, data: ['card', 'money'] }],
        }),
      ),
    );
    expect(answer.status).toBe(200);
    const { outputs, id } = (await answer.json()) as { id?: string; outputs: { shape: number[] }[] };
    expect(id).toBeUndefined();
    expect(outputs.map(({ shape }) => shape)).toEqual([[2, 2], [2, 2], [2]]);
  });

  test('has the same answer in bytes as in JSON, whichever way each tensor goes', async () => {
    const plain = await send(
      Buffer.from(JSON.stringify({ inputs: [{ name: 'text', datatype: 'BYTES', shape: [3], data: texts }] })),
    );
    const [ids, probabilities, abstained] = ((await plain.json()) as { outputs: { data: unknown[] }[] }).outputs;
    const tensor = bytesOf(texts);
    const answer = await binary(
      binaryText(tensor, {
        outputs: [
          { name: 'template_id' },
          { name: 'probability' },
          { name: 'abstained', parameters: { binary_data: false } },
        ],
        parameters: { binary_data_output: true },
      }),
      tensor,
    );
    expect(answer.status).toBe(200);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const length = Number(answer.headers.get('inference-header-content-length'));
    const { outputs } = JSON.parse(bytes.toString('utf8', 0, length)) as {
      outputs: { data?: unknown[]; parameters?: { binary_data_size: number } }[];
    };
    const [idsSize = 0, probabilitiesSize = 0] = outputs.map(({ parameters }) => parameters?.binary_data_size);
    expect(bytes.length).toBe(length + idsSize + probabilitiesSize);
    expect(bytes.subarray(length, length + idsSize)).toEqual(bytesOf(ids?.data as string[]));
    const floats = bytes.subarray(length + idsSize);
    expect(Array.from({ length: floats.length / 4 }, (_, index) => floats.readFloatLE(4 * index))).toEqual(
      (probabilities?.data as number[]).map(Math.fround),
    );
    expect(outputs[2]?.data).toEqual(abstained?.data);
  });

  test('whose bytes do not fit is refused with the tensor and the reason', async () => {
    const tensor = bytesOf(texts);
    const problem = async (answer: Promise<Response>) => {
      const { status } = await answer;
      expect(status).toBe(400);
      return ((await (await answer).json()) as { error: string }).error;
    };
    expect(await problem(binary(binaryText(tensor), tensor.subarray(1)))).toMatch(/input text: binary_data_size/);
    expect(await problem(binary(binaryText(tensor), Buffer.concat([tensor, tensor])))).toMatch(/bytes follow/);
    expect(await problem(binary(binaryText(tensor), tensor, 1e9))).toMatch(/Inference-Header-Content-Length/);
    expect(await problem(send(Buffer.from(JSON.stringify(binaryText(tensor)))))).toMatch(/header .* is missing/);
    const long = Buffer.from([255, 0, 0, 0, 65]);
    expect(await problem(binary(binaryText(long), long))).toMatch(/input text: string 0 is longer than the tensor/);
    const latin = Buffer.from([1, 0, 0, 0, 0xfc]);
    expect(await problem(binary(binaryText(latin), latin))).toMatch(/input text: string 0 is not UTF-8/);
    const classes = { outputs: [{ name: 'template_id', parameters: { classification: 3 } }] };
    expect(await problem(binary(binaryText(tensor, classes), tensor))).toMatch(
      /classification, which is not supported/,
    );
  });

  test('in another format is refused', async () => {
    expect((await send(Buffer.from('id=a'), { 'Content-Type': 'application/x-www-form-urlencoded' })).status).toBe(415);
    const elsewhere = await fetch(`${address}/api/v1/rank`, {
      method: 'POST',
      headers: service.as('ml'),
      body: Buffer.from('{"text":"card"}'),
    });
    expect(elsewhere.status).toBe(415);
  });
});

const program = `
import json, sys, numpy as np, tritonclient.http as triton
client = triton.InferenceServerClient(sys.argv[1])
headers = {'Authorization': 'Bearer ' + sys.argv[2]}
assert client.is_server_live(headers=headers) and client.is_server_ready(headers=headers)
assert client.is_model_ready('replyrank', headers=headers)
assert client.get_model_metadata('replyrank', headers=headers)['name'] == 'replyrank'
names = ('template_id', 'probability', 'abstained')
answers = []
for binary_in in (False, True):
    for binary_out in (False, True, None):
        for compression in (None, 'gzip'):
            text = triton.InferInput('text', [2], 'BYTES')
            text.set_data_from_numpy(np.array(['card by post'.encode(), 'money zurück'.encode()], dtype=object), binary_data=binary_in)
            outputs = None if binary_out is None else [triton.InferRequestedOutput(n, binary_data=binary_out) for n in names]
            result = client.infer('replyrank', [text], outputs=outputs, headers=dict(headers), request_id='7',
                                  request_compression_algorithm=compression)
            ids, probabilities, abstained = (result.as_numpy(name) for name in names)
            answers.append([
                [[v.decode() if isinstance(v, bytes) else v for v in row] for row in ids],
                [[round(float(v), 4) for v in row] for row in probabilities],
                [bool(v) for v in abstained], list(ids.shape), result.get_response()['id']])
refused = None
try:
    client.infer('replyrank', [triton.InferInput('txet', [0], 'BYTES').set_data_from_numpy(np.array([], dtype=object))], headers=headers)
except triton.InferenceServerException as error:
    refused = str(error)
print(json.dumps({'answers': answers, 'refused': refused}))
`;

test("Triton's own client gets the same answer in every form of its requests", async ({ skip }) => {
  const environment = await pythonWith('tritonclient-2', ['tritonclient[http]==2.*']);
  if ('missing' in environment) return skip(`skipped: ${environment.missing}`);
  const { answers, refused } = (await runPython(
    environment.python,
    program,
    new URL(address).host,
    service.token('ml'),
  )) as { answers: unknown[][]; refused: string };
  expect(answers).toHaveLength(12);
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  const [ids, , abstained, shape, id] = answers[0] as [string[][], unknown, boolean[], number[], string];
  expect(ids.map(([first]) => first)).toEqual(['arrival', 'refund']);
  expect([abstained, shape, id]).toEqual([[false, false], [2, 2], '7']);
  expect(refused).toContain('input txet must be one of text, subject');
});
