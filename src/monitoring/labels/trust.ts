/**
 * Trust bias: the rate at which agents accept the first suggestion regardless of its content. Audit tickets show no suggestion, so
 * their labels measure how often the first one is correct; on other tickets agents accept it more often, and the rest is trust:
 * accepted = right + trust · (1 − right). (The trust bias of Agarwal et al., "Addressing Trust Bias for Unbiased
 * Learning-to-Rank", WWW 2019.)
 */

import { normalQuantile } from '../../statistics/special-functions.js';

export interface Acceptance {
  /** Tickets with suggestions shown, and how many of them ended with the first template */
  shown: number;
  accepted: number;
  /** Audit tickets, and how many of them have the label that the hidden ranking had first */
  audited: number;
  right: number;
}

/** Prior: about a quarter (Beta 2, 6). */
const prior = { a: 2, b: 6 };
const steps = 100;
/** With fewer audit tickets, only the prior is used. */
export const minAudited = 20;

export interface Trust {
  /** 0–1: the posterior's mean */
  value: number;
  /** The posterior's standard deviation */
  error: number;
  /** False with too few audit tickets: the value is that of the prior */
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

/** The prior, without any choices. */
export const priorTrust = posteriorTrust({ shown: 0, accepted: 0, audited: 0, right: 0 });

/** Lower bound of trust at `level`; 0 where it is not measured. */
export function trustLowerBound({ value, error, measured }: Trust, level: number): number {
  return measured ? Math.max(0, value + normalQuantile(level) * error) : 0;
}

const logBinomial = (hits: number, of: number, share: number): number =>
  hits * Math.log(share) + (of - hits) * Math.log(1 - share);

/**
 * Unbiased score of an agent's choice for `template`: its mean over many tickets is the share of tickets on which the template is
 * correct, whatever was shown first. Between −trust / (1 − trust) and 1 / (1 − trust).
 *
 * @param template that is scored; null scores showing nothing, which is correct where no template fits
 * @param first suggestion shown; null where none was: then the choice counts as it is
 */
export function choiceCredit(
  template: string | null,
  chosen: string | null,
  first: string | null,
  trust: number,
): number {
  const isChosen = template === chosen ? 1 : 0;
  if (first === null) return isChosen;
  const merelyShown = template !== null && template === first ? trust : 0;
  return (isChosen - merelyShown) / (1 - trust);
}
