/** The pictures of a training's page, as SVG. They hold numbers and our own words only. */
import type { RunRecord } from '../../models/training/run-record.js';
import { formatPercent } from '../../statistics/percent.js';

const width = 720;
const height = 300;
const margin = 44;

interface Scale {
  x(value: number): number;
  y(value: number): number;
}

function scaleTo(maxX: number, maxY: number): Scale {
  return {
    x: (value) => round(margin + (value / maxX) * (width - 2 * margin)),
    y: (value) => round(height - margin - (value / maxY) * (height - 2 * margin)),
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

export function curvesPicture(curves: RunRecord['curves']): string {
  const steps = Math.max(1, ...curves.map(({ loss }) => loss.length - 1));
  const highest = Math.max(1e-9, ...curves.flatMap(({ loss }) => loss));
  const scale = scaleTo(steps, highest);
  const lines = curves.map(({ training, loss }, index) => {
    const points = loss.map((value, step) => `${scale.x(step)},${scale.y(value)}`).join(' ');
    // The last one is the model's own training.
    const colour = index === curves.length - 1 ? 'var(--bad)' : 'var(--good)';
    return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="1.5"><title>${training}</title></polyline>`;
  });
  const legend = `<text x="${width - margin}" y="${margin}" text-anchor="end">blue: cross-validation folds; red: all tickets</text>`;
  return picture('Loss by step', axes(scale, [steps, 'step'], [highest, 'loss']) + lines.join('') + legend);
}

export function reliabilityPicture(bins: RunRecord['calibration']): string {
  const scale = scaleTo(1, 1);
  const diagonal = `<line x1="${scale.x(0)}" y1="${scale.y(0)}" x2="${scale.x(1)}" y2="${scale.y(1)}" stroke="currentColor" stroke-dasharray="4"/>`;
  const dots = bins.map(({ rows, confidence, right }) => {
    const words = `${rows} tickets: ${formatPercent(confidence)} sure, ${formatPercent(right)} right`;
    return `<circle cx="${scale.x(confidence)}" cy="${scale.y(right)}" r="5" fill="var(--good)"><title>${words}</title></circle>`;
  });
  return picture('Reliability', axes(scale, [1, 'mean confidence'], [1, 'accuracy']) + diagonal + dots.join(''));
}

/** @param points the line that was drawn comes first */
export function scopePicture([chosen, ...curve]: RunRecord['scope']): string {
  const scale = scaleTo(100, 100);
  const place = ({ answeredRight, abstentionRecall }: RunRecord['scope'][number]): string =>
    `${scale.x(abstentionRecall)},${scale.y(answeredRight)}`;
  const line = `<polyline points="${curve.map(place).join(' ')}" fill="none" stroke="var(--good)" stroke-width="1.5"/>`;
  const dot = chosen
    ? `<circle cx="${scale.x(chosen.abstentionRecall)}" cy="${scale.y(chosen.answeredRight)}" r="6" fill="var(--bad)"><title>${chosen.answeredRight} % answered correctly, ${chosen.abstentionRecall} % held back where nothing fits</title></circle>`
    : '';
  const names = axes(scale, [100, '% held back where nothing fits'], [100, '% answered and right']);
  return picture('Answered correctly by abstention recall', names + line + dot);
}

function axes(scale: Scale, [maxX, nameX]: [number, string], [maxY, nameY]: [number, string]): string {
  const [left, bottom, right, top] = [scale.x(0), scale.y(0), scale.x(maxX), scale.y(maxY)];
  const number = (value: number): string => String(Number(value.toPrecision(3)));
  return `<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="currentColor"/>
<text x="${left}" y="${bottom + 18}">0</text><text x="${right}" y="${bottom + 18}" text-anchor="end">${number(maxX)} ${nameX}</text>
<text x="${left}" y="${top - 8}">${number(maxY)} ${nameY}</text>`;
}

const picture = (name: string, content: string): string =>
  `<svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${name}">${content}</svg>`;
