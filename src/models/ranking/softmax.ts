/** In place. @returns the probabilities */
export function softmax(logits: Float64Array): Float64Array {
  let highest = -Infinity;
  for (const logit of logits) highest = Math.max(highest, logit);
  let sum = 0;
  for (let at = 0; at < logits.length; at += 1) sum += logits[at] = Math.exp(logits[at]! - highest);
  for (let at = 0; at < logits.length; at += 1) logits[at] = logits[at]! / sum;
  return logits;
}
