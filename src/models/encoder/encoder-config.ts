import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const families = ['bert', 'roberta', 'xlm-roberta', 'camembert'] as const;

const configSchema = z.object({
  model_type: z.enum(families, { error: `must be one of ${families.join(', ')}` }),
  num_hidden_layers: z.number().int().positive(),
  num_attention_heads: z.number().int().positive(),
  hidden_size: z.number().int().positive(),
  max_position_embeddings: z.number().int().positive(),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_act: z.literal('gelu', { error: 'only "gelu" is supported' }).default('gelu'),
  position_embedding_type: z.literal('absolute', { error: 'only "absolute" is supported' }).default('absolute'),
  pad_token_id: z.number().int().nonnegative().default(1),
});

/** The architecture of an encoder, with the names of its config.json. */
export type EncoderConfig = z.infer<typeof configSchema> & {
  /** Row of the position embeddings for position 0 */
  positionOffset: number;
};

/** The encoder's folder can't be used. */
export class EncoderError extends Error {
  override readonly name = 'EncoderError';
}

/** @throws EncoderError with the file and the unsupported setting */
export async function readEncoderConfig(file: string): Promise<EncoderConfig> {
  let settings: unknown;
  try {
    settings = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new EncoderError(`${file} can't be read: ${(error as Error).message}`);
  }
  const result = configSchema.safeParse(settings);
  if (!result.success) {
    const issues = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new EncoderError(`${file}: not a supported encoder of the BERT family: ${issues.join('; ')}`);
  }
  // RoBERTa's positions start after the id of its padding token.
  const positionOffset = result.data.model_type === 'bert' ? 0 : result.data.pad_token_id + 1;
  return { ...result.data, positionOffset };
}
