/** Decides from an assessment's figures whether machine learning fits a history. */
import type { CoverageAtPrecision } from './answerable.js';
import type { Forecast } from './learning-curve.js';

export interface VerdictFigures {
  /** Labelled tickets */
  labelled: number;
  templates: number;
  /** Held-out figures in percent; `low` is the lower bound of the 95 % interval of top-1 */
  model: { top1: number; low: number; hits3: number };
  majority: { top1: number };
  /** Accuracy ceiling by label noise, estimated from repeated texts (%) */
  ceiling: number | null;
  coverage: readonly CoverageAtPrecision[];
  forecasts: readonly Forecast[];
  fewerThan10: number;
}

export interface Verdict {
  answer: 'yes' | 'not yet' | 'no';
  sentence: string;
  reasons: string[];
  /** What would change the verdict; empty for `yes` */
  missing: string[];
}

/** Fewer labels give no reliable figures. */
const minLabels = 200;
/** Minimum percentage points above the majority class: less does not justify the agents' attention. */
const minGain = 3;
/** Suggestions are worth showing at 80 % precision, and a rollout at a quarter of the tickets. */
const targetPrecision = 0.8;
const targetCoverage = 25;
/** Below this ceiling, identical texts are labelled too inconsistently to learn from. */
const minCeiling = 60;

export function decideVerdict(figures: VerdictFigures): Verdict {
  const { labelled, templates, model, majority, ceiling, coverage, forecasts, fewerThan10 } = figures;
  const possible = coverage.find(({ precision }) => precision === targetPrecision)?.coverage ?? 0;
  const best = forecasts.at(-1);
  const reasons = [
    `On held-out tickets top-1 accuracy is ${model.top1} %, top-3 accuracy ${model.hits3} %; the majority-class baseline reaches ${majority.top1} %.`,
    `Coverage at 80 % precision: ${possible} %.`,
    ...(ceiling === null ? [] : [`Label noise on repeated texts limits accuracy to about ${ceiling} %.`]),
    ...(best ? [`${best.moreLabels.toLocaleString('en')} additional labels: ${points(best)} pp top-1 accuracy.`] : []),
  ];
  if (labelled < minLabels) {
    const missing = [`At least ${minLabels - labelled} more labelled tickets.`];
    return {
      answer: 'not yet',
      sentence: `Not yet: ${labelled} labelled tickets are too few for a reliable assessment.`,
      reasons,
      missing,
    };
  }
  if (ceiling !== null && ceiling < minCeiling) {
    const missing = ['Consistent labels: agree on when to use each template, or merge templates with the same use.'];
    return {
      answer: 'no',
      sentence: 'No: identical texts are labelled too inconsistently to learn from.',
      reasons,
      missing,
    };
  }
  const canGrow = best !== undefined && best.low >= minGain;
  if (model.low < majority.top1 + minGain) {
    if (canGrow)
      return notYet(
        reasons,
        figures,
        'Not yet: the model is barely better than the majority class, but still improves with more labels.',
      );
    const missing = ['Labels that depend on the ticket text, or the fields that the answer depends on (--fields).'];
    return {
      answer: 'no',
      sentence: 'No: the ticket text does not predict the template.',
      reasons,
      missing,
    };
  }
  if (possible >= targetCoverage) {
    const hint =
      fewerThan10 > 0
        ? ` ${fewerThan10} of ${templates} templates have fewer than ten labels and are ranked by their text.`
        : '';
    return { answer: 'yes', sentence: `Yes: a model fits this history.${hint}`, reasons, missing: [] };
  }
  return notYet(reasons, figures, 'Not yet: coverage at the target precision is too low.');
}

function notYet(
  reasons: string[],
  { forecasts, fewerThan10, ceiling, model }: VerdictFigures,
  sentence: string,
): Verdict {
  const best = forecasts.at(-1);
  const missing = [
    ...(best && best.gain >= 1
      ? [`More labels: ${best.moreLabels.toLocaleString('en')} additional labels are worth ${points(best)} pp.`]
      : []),
    ...(fewerThan10 > 0
      ? [`${fewerThan10} templates have fewer than ten labels: collect more, or merge similar templates.`]
      : []),
    ...(ceiling !== null && ceiling - model.top1 < 5
      ? ['Cleaner labels: the model is close to the ceiling set by label noise.']
      : []),
  ];
  return {
    answer: 'not yet',
    sentence,
    reasons,
    missing:
      missing.length > 0 ? missing : ['Fields that the answer depends on (--fields): the text alone is not enough.'],
  };
}

const points = ({ gain, low, high }: Forecast): string => `+${gain.toFixed(1)} ± ${((high - low) / 2).toFixed(1)}`;
