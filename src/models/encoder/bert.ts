/**
 * BERT's architecture, written once (Devlin et al., "BERT", 2019): embeddings, then layers of self-attention and feed-forward,
 * each added to its input and normalised. The graph that serves (`encoder-lane.ts`) and the graph that trains
 * (`../finetuning/finetune-graph.ts`) give it their own operations: sharded over cores, or with gradients and dropout.
 */
import type { Output } from '../tensors/graph-writer.js';
import type { EncoderConfig } from './encoder-config.js';

/** Weights are named as in BERT's own files, without prefix. */
export interface BertOperations {
  /** @returns sum of word, position and type embeddings, [tokens, hidden] */
  embed(): Output;
  layerNorm(x: Output, name: string): Output;
  /** x + block · kernel + bias; `block` is called once for each shard of the kernel's rows. */
  addProjected(x: Output, name: string, block: (shard: number) => Output): Output;
  /** @returns queries, keys and values of the shard's heads, [batch, heads, time, size] each */
  projectHeads(x: Output, name: string, shard: number): { query: Output; key: Output; value: Output };
  /** @returns softmax of the scaled products, 0 for padding, [batch, heads, time, time] */
  attentionWeights(query: Output, key: Output): Output;
  batchMatMul(a: Output, b: Output, transposed: boolean): Output;
  /** @returns [tokens, heads · size] of [batch, heads, time, size] */
  mergeHeads(x: Output, shard: number): Output;
  /** @returns GELU of the shard's part of the dense layer, [tokens, width] */
  feedForward(x: Output, name: string, shard: number): Output;
}

/** @returns the hidden state of each layer, [tokens, hidden] */
export function bert({ num_hidden_layers: layers }: EncoderConfig, operations: BertOperations): Output[] {
  const hiddenStates: Output[] = [];
  let state = operations.layerNorm(operations.embed(), 'embeddings.LayerNorm');
  for (let layer = 0; layer < layers; layer += 1) {
    state = bertLayer(operations, state, `encoder.layer.${layer}`);
    hiddenStates.push(state);
  }
  return hiddenStates;
}

function bertLayer(operations: BertOperations, x: Output, name: string): Output {
  const attention = `${name}.attention.output`;
  const attended = operations.layerNorm(
    operations.addProjected(x, `${attention}.dense`, (shard) =>
      selfAttention(operations, x, `${name}.attention.self`, shard),
    ),
    `${attention}.LayerNorm`,
  );
  return operations.layerNorm(
    operations.addProjected(attended, `${name}.output.dense`, (shard) =>
      operations.feedForward(attended, `${name}.intermediate.dense`, shard),
    ),
    `${name}.output.LayerNorm`,
  );
}

/** Vaswani et al., "Attention is all you need", 2017 */
function selfAttention(operations: BertOperations, x: Output, name: string, shard: number): Output {
  const { query, key, value } = operations.projectHeads(x, name, shard);
  const weights = operations.attentionWeights(query, key);
  return operations.mergeHeads(operations.batchMatMul(weights, value, false), shard);
}
