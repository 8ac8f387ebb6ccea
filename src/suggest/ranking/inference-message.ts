import { HttpStatus } from '@nestjs/common';
import { z } from 'zod';
import { ProblemException } from '../../http/problem.js';
import type { Ranking } from '../../models/ranker.js';

const inputNames = ['text', 'subject'];
const outputNames = ['template_id', 'probability', 'abstained'];

const tensorSchema = z.object({
  name: z.string().meta({ enum: inputNames }),
  datatype: z.literal('BYTES', { error: 'must be BYTES' }),
  shape: z.array(z.number().int().nonnegative()).min(1).max(2),
  parameters: z.record(z.string(), z.unknown()).optional(),
  data: z.array(z.union([z.string(), z.array(z.string())])),
});

const outputSchema = z.looseObject({
  name: z.string().meta({ enum: outputNames }),
  parameters: z.looseObject({ binary_data: z.boolean().describe('Send this output as bytes').optional() }).optional(),
});

export const inferBodySchema = z
  .object({
    id: z.string().optional(),
    inputs: z.array(tensorSchema).min(1),
    outputs: z.array(outputSchema).optional(),
    parameters: z
      .looseObject({ binary_data_output: z.boolean().describe('Send all outputs as bytes').optional() })
      .optional(),
  })
  .meta({ id: 'InferRequest' });
export type InferBody = z.infer<typeof inferBodySchema>;

/** Maximum number of texts in a request. */
const maxTexts = 256;

/** @throws ProblemException 400 with the name of the invalid tensor */
export function readTexts({ inputs, outputs = [] }: InferBody): { subject: string; body: string }[] {
  const unknownInput = inputs.find(({ name }) => !inputNames.includes(name));
  if (unknownInput) reject(unknownInput.name, `must be one of ${inputNames.join(', ')}`);
  const unknownOutput = outputs.find(({ name }) => !outputNames.includes(name));
  if (unknownOutput) reject(unknownOutput.name, `must be one of ${outputNames.join(', ')}`, 'output');
  for (const { name, parameters } of [...inputs, ...outputs]) {
    const unsupported = unsupportedParameters.find((parameter) => parameters?.[parameter] !== undefined);
    if (unsupported) reject(name, `has the parameter ${unsupported}, which is not supported`, 'tensor');
  }
  const values = (name: string): string[] | undefined => {
    const tensor = inputs.find((input) => input.name === name);
    if (!tensor) return undefined;
    const data = tensor.data.flat();
    const size = tensor.shape.reduce((product, length) => product * length, 1);
    if (size !== data.length) reject(name, `has ${data.length} values, its shape requires ${size}`);
    return data;
  };
  const texts = values('text') ?? reject('text', 'is missing');
  if (texts.length > maxTexts) reject('text', `has ${texts.length} values, the maximum is ${maxTexts}`);
  const subjects = values('subject') ?? texts.map(() => '');
  if (subjects.length !== texts.length) reject('subject', `has ${subjects.length} values, text has ${texts.length}`);
  return texts.map((body, index) => ({ subject: subjects[index] ?? '', body }));
}

/** Extensions of Triton whose answers would differ */
const unsupportedParameters = ['classification', 'shared_memory_region'];

function reject(name: string, message: string, kind: 'input' | 'output' | 'tensor' = 'input'): never {
  throw new ProblemException(HttpStatus.BAD_REQUEST, `${kind} ${name} ${message}`, [
    { field: `${kind}s.${name}`, message },
  ]);
}

/** Templates per text; shorter rankings are padded with empty ids and probability 0. */
const maxItems = 10;

/** Output tensors in row-major order. An abstention has `abstained` true and no ranking. */
export function inferResponse(body: InferBody, rankings: { version: string; ranking: Ranking }[]) {
  const rows = rankings.map(({ ranking }) => (ranking.abstained ? [] : ranking.items.slice(0, maxItems)));
  const width = Math.max(1, ...rows.map((row) => row.length));
  const cells = rows.flatMap((row) => Array.from({ length: width }, (_, index) => row[index]));
  const shape = [rankings.length, width];
  const outputs = [
    { name: 'template_id', datatype: 'BYTES', shape, data: cells.map((cell) => cell?.templateId ?? '') },
    { name: 'probability', datatype: 'FP32', shape, data: cells.map((cell) => cell?.probability ?? 0) },
    {
      name: 'abstained',
      datatype: 'BOOL',
      shape: [rankings.length],
      data: rankings.map(({ ranking }) => ranking.abstained),
    },
  ];
  const requested = body.outputs?.map(({ name }) => name);
  return {
    model_version: rankings[0]?.version ?? '',
    ...(body.id !== undefined && { id: body.id }),
    outputs: requested ? outputs.filter(({ name }) => requested.includes(name)) : outputs,
  };
}
