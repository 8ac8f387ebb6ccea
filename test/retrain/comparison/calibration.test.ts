import { describe, expect, test } from 'vitest';
import { softmax } from '../../../src/models/ranking/softmax.js';
import {
  calibrationError,
  calibrationExcess,
  chanceCalibrationError,
} from '../../../src/retrain/comparison/calibration.js';
import { seeded } from '../../../src/statistics/random.js';
import { evaluated } from '../../support/evaluated-rows.js';
import { expectClose } from '../../support/golden.js';

const answers = evaluated.logits.map((logits, row) => {
  const probabilities = softmax(Float64Array.from(logits));
  const confidence = Math.max(...probabilities);
  return { confidence, correct: Number(probabilities.indexOf(confidence) === evaluated.labels[row]) };
});

describe('calibration', () => {
  test('has the error that scikit-learn finds in quantile bins', () => {
    expectClose(calibrationError(answers), evaluated.metrics.ece, 1e-12);
  });

  test('has the same bins where they do not come out even', () => {
    expectClose(calibrationError(answers.slice(0, 101)), evaluated.calibrationErrorOf101, 1e-12);
  });

  test('of no answers has no error', () => {
    expect(calibrationError([])).toBe(0);
    expect(chanceCalibrationError([], seeded(1))).toBe(0);
    expect(calibrationExcess([], [], seeded(1))).toBe(0);
  });

  test('is off by chance as much as one in twenty sets with true probabilities is', () => {
    const confidences = answers.map(({ confidence }) => confidence);
    const line = chanceCalibrationError(confidences, seeded(1));
    const random = seeded(9);
    const above = Array.from({ length: 400 }, () =>
      calibrationError(confidences.map((confidence) => ({ confidence, correct: Number(random() < confidence) }))),
    ).filter((error) => error > line).length;
    // 20 ± 4 standard deviations, and what 200 draws leave open of the line itself
    expect(above).toBeGreaterThan(4);
    expect(above).toBeLessThan(48);
  });

  test('is surely worse of a version that is always too sure, and of none than itself', () => {
    const random = seeded(4);
    const honest = Array.from({ length: 600 }, () => {
      const confidence = 0.4 + 0.5 * random();
      return { confidence, correct: Number(random() < confidence) };
    });
    const sure = honest.map(({ correct }) => ({ confidence: 0.95, correct }));
    expect(calibrationExcess(sure, honest, seeded(2))).toBeGreaterThan(0.15);
    expect(calibrationExcess(honest, sure, seeded(2))).toBeLessThan(0);
    expect(calibrationExcess(honest, honest, seeded(2))).toBe(0);
  });
});
