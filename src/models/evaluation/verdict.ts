/** Whether machine learning fits a history: from figures to a plain answer. */
import type { CoverageAtPrecision } from './answerable.js';
import type { Forecast } from './learning-curve.js';

export interface VerdictFigures {
  /** Labelled tickets */
  labelled: number;
  templates: number;
  /** Held-out figures in percent; `low` is the lower bound of the 95 % interval of top-1 */
  model: { top1: number; low: number; hits3: number };
  majority: { top1: number };
  /** What label noise allows at most, as far as repeated texts show it (%) */
  ceiling: number | null;
  coverage: readonly CoverageAtPrecision[];
  forecasts: readonly Forecast[];
  fewerThan10: number;
}

export interface Verdict {
  answer: 'yes' | 'not yet' | 'no';
  sentence: string;
  reasons: string[];
  /** What would change the answer; empty where it is yes */
  missing: string[];
}

/** Fewer say nothing, whatever they show. */
const minLabels = 200;
/** Points above always suggesting the most frequent template: less is not worth a page that agents look at. */
const minGain = 3;
/** A first suggestion is worth showing when four of five are right; and worth a roll-out for a quarter of the tickets. */
const targetPrecision = 0.8;
const targetCoverage = 25;
/** Where people answer the same text so differently, no ranker can learn what is right. */
const minCeiling = 60;

export function decideVerdict(figures: VerdictFigures): Verdict {
  const { labelled, templates, model, majority, ceiling, coverage, forecasts, fewerThan10 } = figures;
  const possible = coverage.find(({ precision }) => precision === targetPrecision)?.coverage ?? 0;
  const best = forecasts.at(-1);
  const reasons = [
    `The model's first suggestion is right for ${model.top1} % of tickets that it had not seen, one of the first three for ${model.hits3} %; always suggesting the most frequent template is right for ${majority.top1} %.`,
    `${possible} % of the tickets could be answered with four of five first suggestions right.`,
    ...(ceiling === null
      ? []
      : [
          `Where the same text came more than once, answers agree so far that about ${ceiling} % is the most that can be reached.`,
        ]),
    ...(best ? [`${best.moreLabels.toLocaleString('en')} more labels would be worth ${points(best)} points.`] : []),
  ];
  if (labelled < minLabels) {
    const missing = [`${minLabels - labelled} more labelled tickets, before anything can be told.`];
    return {
      answer: 'not yet',
      sentence: `Not yet: ${labelled} labelled tickets are too few to tell.`,
      reasons,
      missing,
    };
  }
  if (ceiling !== null && ceiling < minCeiling) {
    const missing = [
      'Templates that are told apart in the same way by everybody: agree on when each is used, or merge those that are used for the same.',
    ];
    return { answer: 'no', sentence: 'No: the same text is answered too differently to learn from.', reasons, missing };
  }
  const canGrow = best !== undefined && best.low >= minGain;
  if (model.low < majority.top1 + minGain) {
    if (canGrow)
      return notYet(
        reasons,
        figures,
        'Not yet: with these labels it is hardly better than the most frequent template, but it still learns.',
      );
    const missing = ['Labels that follow from what tickets say, or the fields that the answer depends on (--fields).'];
    return {
      answer: 'no',
      sentence: 'No: what tickets say does not tell which template they are answered with.',
      reasons,
      missing,
    };
  }
  if (possible >= targetCoverage) {
    const hint =
      fewerThan10 > 0
        ? ` ${fewerThan10} of ${templates} templates have fewer than ten labels and are suggested by their text.`
        : '';
    return { answer: 'yes', sentence: `Yes: a model fits this history.${hint}`, reasons, missing: [] };
  }
  return notYet(reasons, figures, 'Not yet: it learns, but too few tickets can be answered surely enough.');
}

function notYet(
  reasons: string[],
  { forecasts, fewerThan10, ceiling, model }: VerdictFigures,
  sentence: string,
): Verdict {
  const best = forecasts.at(-1);
  const missing = [
    ...(best && best.gain >= 1
      ? [`More labels: ${best.moreLabels.toLocaleString('en')} more are worth ${points(best)} points.`]
      : []),
    ...(fewerThan10 > 0
      ? [`${fewerThan10} templates have fewer than ten labels: collect more of them, or merge those that say the same.`]
      : []),
    ...(ceiling !== null && ceiling - model.top1 < 5
      ? ['Clearer labels: the model is about as right as people agree.']
      : []),
  ];
  return {
    answer: 'not yet',
    sentence,
    reasons,
    missing:
      missing.length > 0
        ? missing
        : ['Fields that the answer depends on (--fields): the text alone does not say more.'],
  };
}

const points = ({ gain, low, high }: Forecast): string => `+${gain.toFixed(1)} ± ${((high - low) / 2).toFixed(1)}`;
