/** Held-out tickets with simulated answers of two versions of known accuracy. */
import { seeded } from '../../src/statistics/random.js';
import type { ComparedTicket } from '../../src/retrain/comparison/prediction.js';
import type { Prediction } from '../../src/retrain/comparison/prediction.js';

export interface PairSettings {
  tickets: number;
  seed: number;
  /** Accuracy, 0–1; a function where it differs by language */
  champion: number;
  challenger: number | ((language: string) => number);
  /** Share of tickets on which the challenger's answer is independent of the champion's, 0–1 */
  independence?: number;
  templates?: number;
}

export const languages = ['en', 'de', 'fr', 'es'];

/** Pairs with trusted labels and calibrated answers. */
export function simulatedPairs({ tickets, seed, champion, challenger, ...more }: PairSettings): ComparedTicket[] {
  const { independence = 0.2, templates = 40 } = more;
  const random = seeded(seed);
  const name = (): string => `t${Math.floor(random() ** 2 * templates)}`;
  return Array.from({ length: tickets }, (): ComparedTicket => {
    const language = languages[Math.floor(random() ** 1.5 * languages.length)] ?? 'en';
    const label = name();
    const luck = random();
    const own = random() < independence ? random() : luck;
    const accuracy = typeof challenger === 'number' ? challenger : challenger(language);
    const wrong = `not ${label}`;
    return {
      channel: random() < 0.7 ? 'email' : 'chat',
      language,
      contactType: null,
      label,
      provenance: 'audit',
      shownFirst: null,
      shownProbability: 0,
      champion: answer(luck < champion ? label : wrong, champion),
      challenger: answer(own < accuracy ? label : wrong, accuracy),
    };
  });
}

const answer = (first: string, probability: number): Prediction => ({
  templates: [first],
  probability,
  probabilities: { [first]: probability },
  abstained: false,
});

/**
 * The same tickets, labelled by agents who select the first suggestion regardless of its content on a share `trust` of the tickets.
 */
export function chosenByAgents(pairs: ComparedTicket[], trust: number, seed: number): ComparedTicket[] {
  const random = seeded(seed);
  return pairs.map((pair) => {
    const first = pair.champion.templates[0] ?? null;
    const label = random() < trust ? first : pair.label;
    return { ...pair, provenance: 'choice', label, shownFirst: first, shownProbability: 0.98 };
  });
}
