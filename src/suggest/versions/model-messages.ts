/** Why a version became what it is, in English. The pages have the other languages by the same keys. */
import { sayer } from '../../messages/localized-message.js';

interface Standing {
  /** Of acceptance: that of what is tried out less the champion's */
  points: number;
  pairs: number;
}

const standing = ({ points, pairs }: Standing): string => `${points} points on ${pairs} pairs of tickets`;
export const standingOf = {
  open: (of: Standing): string => `against the champion: ${standing(of)}`,
  worse: (of: Standing & { evidence: number }): string =>
    `accepted less than the champion: ${standing(of)}, evidence ${of.evidence}`,
};

export const modelSayings = {
  'training-run': ({ run }: { run: number }) => `training run ${run}`,
  shadow: () => 'shadow',
  canary: () => 'canary',
  'promoted-by': ({ actor }: { actor: string }) => `promoted by ${actor}`,
  'rolled-back-by': ({ actor }: { actor: string }) => `rolled back by ${actor}`,
  'became-champion': ({ version }: { version: string }) => `${version} became the champion`,
  'other-tried-out': ({ version }: { version: string }) => `${version} is tried out instead`,
  'rollout-good': (of: Standing & { mode: string; version: string }) =>
    `${of.mode} ${of.version} ${standingOf.open(of)}`,
  'rollout-worse': (of: Standing & { mode: string; version: string; evidence: number }) =>
    `${of.mode} ${of.version} ${standingOf.worse(of)}`,
  /** Acceptance in percent */
  'champion-worse': (of: { version: string; now: number; tickets: number; before: number }) =>
    `${of.version} was accepted on ${of.now} % of ${of.tickets} tickets, the champion before it on ${of.before} %`,
};

export const say = sayer(modelSayings);
