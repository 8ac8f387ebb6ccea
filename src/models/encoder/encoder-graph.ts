/**
 * A BERT encoder as one TensorFlow graph. It is the same for all weights of one architecture: they are read from
 * assets/weights.bin (little-endian float32, one tensor after another) when the graph is loaded.
 *
 * Devlin et al., "BERT", 2019; pooling as in Reimers & Gurevych, "Sentence-BERT", 2019.
 */
import { GraphBuilder } from '../tensors/graph-builder.js';
import { shape, type, defaultSignature, type Output, type Signature } from '../tensors/graph-writer.js';
import { encoderLane } from './encoder-lane.js';
import type { EncoderConfig } from './encoder-config.js';
import { encoderWeights } from './encoder-weights.js';
import type { Tensor } from '../tensors/safetensors.js';

/** Raise it with every change of what the graph computes: cached graphs of other versions are rebuilt. */
export const graphVersion = 3;

/** The encoder's files. */
export interface EncoderGraph {
  /** saved_model.pb */
  savedModel: Buffer;
  /** What assets/weights.bin holds, in order. */
  weights: Float32Array[];
}

/** The signature that runs the first `count` lanes in parallel; its tensors are `ids0`, `mask0`, `pooled0`, `ids1` … */
export const lanesSignature = (count: number): string => (count === 1 ? defaultSignature : `lanes_${count}`);

/**
 * @param tensors by BERT's names without prefix, dense kernels as [out, in]
 * @param threads number of lanes, which share the weights, and of shards of each lane
 * @returns a SavedModel: ids, mask int32 [batch, time] to `pooled` float32 [batch, 5 · hidden]: means over the mask of the
 *   last three layers, the last one first (its mean is the embedding), the maximum and the first token of the last one,
 *   each L2-normalised
 */
export function encoderGraph(config: EncoderConfig, tensors: Map<string, Tensor>, threads: number): EncoderGraph {
  // One text is encoded by all threads, each with some of the heads; many texts are spread over the lanes.
  const lanes = threads;
  const shards = Math.min(threads, config.num_attention_heads);
  const builder = new GraphBuilder();
  const weight = encoderWeights(builder, config, tensors, shards);
  const { graph } = builder;
  const tokens = { dtype: 'int32', shape: [-1, -1] } as const;
  const [inputs, outputs]: [Signature['inputs'], Signature['outputs']] = [{}, {}];
  const signatures: Record<string, Signature> = {};
  for (let lane = 0; lane < lanes; lane += 1) {
    const placeholder = (name: string): Output =>
      graph.add('Placeholder', [], { dtype: type('int32'), shape: shape([-1, -1]) }, { name });
    const [ids, mask] = [placeholder(`ids${lane}`), placeholder(`mask${lane}`)];
    const pooled = encoderLane(builder, config, weight, { ids, mask, shards });
    inputs[`ids${lane}`] = { ...tokens, output: ids };
    inputs[`mask${lane}`] = { ...tokens, output: mask };
    outputs[`pooled${lane}`] = { dtype: 'float32', shape: [-1, 5 * config.hidden_size], output: pooled };
    signatures[lanesSignature(lane + 1)] = { inputs: { ...inputs }, outputs: { ...outputs } };
  }
  const initialiser = builder.initialiser();
  const assets = [{ constant: builder.path, file: 'weights.bin' }];
  return { savedModel: graph.savedModel({ signatures, initialiser, assets }), weights: builder.weights() };
}
