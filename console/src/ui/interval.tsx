import { useFormat } from './format.js';

export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** A figure with its 95 % interval behind it. */
export function Figure({ text, low, high }: { text: string; low?: string | undefined; high?: string | undefined }) {
  return (
    <span className="figure">
      <b>{text}</b>
      {low !== undefined && high !== undefined && (
        <small>
          {low} – {high}
        </small>
      )}
    </span>
  );
}

/** Points of difference with their interval, as a figure and as a line beside zero. */
export function Difference({ points, low, high, most }: { points: number; low: number; high: number; most: number }) {
  const format = useFormat();
  return (
    <span className="difference">
      <IntervalLine value={points} low={low} high={high} from={-most} to={most} />
      <Figure text={format.points(points)} low={format.points(low)} high={format.points(high)} />
    </span>
  );
}

const width = 120;
const middle = 8;

/** The estimate as a dot, its interval as a line, zero (where it lies between) as a mark. */
export function IntervalLine({ value, low, high, from, to }: Estimate & { from: number; to: number }) {
  const x = (at: number): number => 4 + ((width - 8) * (Math.min(Math.max(at, from), to) - from)) / (to - from || 1);
  const side = low > 0 ? 'above' : high < 0 ? 'below' : 'both';
  return (
    <svg className="interval" data-side={side} width={width} height={2 * middle} aria-hidden="true">
      <line className="axis" x1={0} x2={width} y1={middle} y2={middle} />
      {from < 0 && to > 0 && <line className="zero" x1={x(0)} x2={x(0)} y1={1} y2={2 * middle - 1} />}
      <line className="range" x1={x(low)} x2={x(high)} y1={middle} y2={middle} />
      <circle cx={x(value)} cy={middle} r={3.5} />
    </svg>
  );
}
