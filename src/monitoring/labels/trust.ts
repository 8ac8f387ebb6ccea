/**
 * How often agents take what stands first whatever it is. On audit tickets nothing was shown, so their labels say how
 * often the first suggestion is right; on the others agents took it more often than that, and the rest is trust:
 * accepted = right + trust · (1 − right). (The trust bias of Agarwal et al., "Addressing Trust Bias for Unbiased
 * Learning-to-Rank", WWW 2019.)
 */

import { normalQuantile } from '../../statistics/special-functions.js';

export interface Acceptance {
  /** Tickets with a suggestion before the agent, and how many of them ended on its first template */
  shown: number;
  accepted: number;
  /** Audit tickets, and how many of them got the label that the hidden ranking had first */
  audited: number;
  right: number;
}

/** Before anything is known: a quarter, give or take (Beta 2, 6). */
const prior = { a: 2, b: 6 };
const steps = 100;
/** With fewer audit tickets than that, nothing is known but the prior. */
export const minAudited = 20;

export interface Trust {
  /** 0–1: the posterior's mean */
  value: number;
  /** The posterior's standard deviation */
  error: number;
  /** False: too few audit tickets, the value is only the prior's */
  measured: boolean;
}

export function posteriorTrust({ shown, accepted, audited, right }: Acceptance): Trust {
  const count = prior.a + prior.b;
  const mean = prior.a / count;
  if (audited < minAudited || shown === 0) {
    return { value: mean, error: Math.sqrt((mean * (1 - mean)) / (count + 1)), measured: false };
  }
  let [most, total, sum, squares] = [-Infinity, 0, 0, 0];
  const cells: { trust: number; log: number }[] = [];
  for (let i = 0; i < steps; i += 1) {
    const trust = (i + 0.5) / steps;
    const ofPrior = (prior.a - 1) * Math.log(trust) + (prior.b - 1) * Math.log(1 - trust);
    for (let j = 0; j < steps; j += 1) {
      const truth = (j + 0.5) / steps;
      const taken = truth + trust * (1 - truth);
      const log = ofPrior + logBinomial(right, audited, truth) + logBinomial(accepted, shown, taken);
      most = Math.max(most, log);
      cells.push({ trust, log });
    }
  }
  for (const { trust, log } of cells) {
    const weight = Math.exp(log - most);
    total += weight;
    sum += weight * trust;
    squares += weight * trust ** 2;
  }
  const value = sum / total;
  return { value, error: Math.sqrt(Math.max(0, squares / total - value ** 2)), measured: true };
}

/** Before anybody has chosen anything. */
export const priorTrust = posteriorTrust({ shown: 0, accepted: 0, audited: 0, right: 0 });

/** What trust surely is, but for a probability of `level`: none where nothing measures it. */
export function trustLowerBound({ value, error, measured }: Trust, level: number): number {
  return measured ? Math.max(0, value + normalQuantile(level) * error) : 0;
}

const logBinomial = (hits: number, of: number, share: number): number =>
  hits * Math.log(share) + (of - hits) * Math.log(1 - share);

/**
 * What an agent's choice is worth as evidence that `template` is the right one: its mean over many tickets is the share of
 * tickets on which it is right, whatever stood first. Between −trust / (1 − trust) and 1 / (1 − trust).
 *
 * @param template what is judged; null: that nothing is shown, which is right where no template fits
 * @param first what stood before the agent in the first place; null where nothing did: then a choice is taken as it is
 */
export function choiceCredit(
  template: string | null,
  chosen: string | null,
  first: string | null,
  trust: number,
): number {
  const said = template === chosen ? 1 : 0;
  if (first === null) return said;
  const merelyShown = template !== null && template === first ? trust : 0;
  return (said - merelyShown) / (1 - trust);
}
