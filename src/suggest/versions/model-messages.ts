/** Why a version was promoted, rolled out or rolled back, in English. The pages have the other languages by the same keys. */
import { messageCatalog } from '../../messages/localized-message.js';

interface Acceptance {
  /** Acceptance rate of the rollout − that of the champion, in percentage points */
  points: number;
  pairs: number;
}

const signed = (points: number): string => `${points < 0 ? '−' : '+'}${Math.abs(points)}`;
const difference = ({ points, pairs }: Acceptance): string => `${signed(points)} pp on ${pairs} ticket pairs`;
export const comparedWithChampion = {
  open: (of: Acceptance): string => `acceptance rate vs. champion ${difference(of)}`,
  worse: (of: Acceptance & { evidence: number }): string =>
    `acceptance rate significantly below the champion's, ${difference(of)}, e-value ${of.evidence}`,
};

const modeNames: Record<string, string> = { shadow: 'Shadow', canary: 'Canary' };

export const modelMessages = {
  'training-run': ({ run }: { run: number }) => `Training run ${run}`,
  shadow: () => 'Shadow rollout',
  canary: () => 'Canary rollout',
  'promoted-by': ({ actor }: { actor: string }) => `Promoted by ${actor}`,
  'rolled-back-by': ({ actor }: { actor: string }) => `Rolled back by ${actor}`,
  'became-champion': ({ version }: { version: string }) => `${version} was promoted to champion`,
  'other-tried-out': ({ version }: { version: string }) => `Replaced by the rollout of ${version}`,
  'rollout-good': (of: Acceptance & { mode: string; version: string }) =>
    `${modeNames[of.mode] ?? of.mode} ${of.version}: ${comparedWithChampion.open(of)}`,
  'rollout-worse': (of: Acceptance & { mode: string; version: string; evidence: number }) =>
    `${modeNames[of.mode] ?? of.mode} ${of.version}: ${comparedWithChampion.worse(of)}`,
  /** Acceptance rates in percent */
  'champion-worse': ({
    version,
    now,
    tickets,
    before,
  }: {
    version: string;
    now: number;
    tickets: number;
    before: number;
  }) => `Acceptance rate of ${version} is ${now}% on ${tickets} tickets, of the previous champion ${before}%`,
};

export const message = messageCatalog(modelMessages);
