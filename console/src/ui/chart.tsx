/**
 * A chart on a canvas: what ECharts draws as SVG or shows as HTML carries styles in its markup, which the content security
 * policy forbids. What it shows is said in words by `label`, and stands in a table wherever it is used.
 */
import { useComputedColorScheme } from '@mantine/core';
import { BarChart, LineChart, ParallelChart, ScatterChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  ParallelComponent,
  TooltipComponent,
} from 'echarts/components';
import { init, use as register, type ECharts, type EChartsCoreOption } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useEffectEvent, useRef } from 'react';
import { useFormat, type Format } from './format.js';

register([
  BarChart,
  CanvasRenderer,
  GridComponent,
  LegendComponent,
  LineChart,
  MarkAreaComponent,
  MarkLineComponent,
  ParallelChart,
  ParallelComponent,
  ScatterChart,
  TooltipComponent,
]);

export interface Colours {
  text: string;
  quiet: string;
  line: string;
  surface: string;
  accent: string;
  warn: string;
  /** Series after the first */
  others: string[];
}

const light: Colours = {
  text: '#1f2329',
  quiet: '#5c636e',
  line: '#e1e4e9',
  surface: '#ffffff',
  accent: '#364fc7',
  warn: '#c2410c',
  others: ['#0c8599', '#9c36b5', '#2b8a3e', '#b35c00', '#c2255c'],
};
const dark: Colours = {
  text: '#e6e8eb',
  quiet: '#a3a8b0',
  line: '#34363b',
  surface: '#1e1f22',
  accent: '#91a7ff',
  warn: '#ffa94d',
  others: ['#3bc9db', '#da77f2', '#69db7c', '#ffc078', '#f783ac'],
};

export default function Chart({
  label,
  height,
  option,
  onReady,
  onDrawn,
}: {
  label: string;
  height: number;
  option: (colours: Colours) => EChartsCoreOption;
  /** Once it is there, to listen to what is done with it */
  onReady?: (chart: ECharts) => void;
  /** After it has been drawn anew, and has forgotten what was done with it */
  onDrawn?: () => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(null);
  const colours = useComputedColorScheme('light') === 'dark' ? dark : light;
  const format = useFormat();
  const ready = useEffectEvent((made: ECharts) => onReady?.(made));
  const drawn = useEffectEvent(() => onDrawn?.());
  useEffect(() => {
    if (!place.current) return;
    const made = init(place.current, null, { renderer: 'canvas' });
    chart.current = made;
    ready(made);
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);
  useEffect(() => {
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    chart.current?.setOption(
      { animation: !still, animationDuration: 200, ...frame(colours, format), ...option(colours) },
      true,
    );
    drawn();
  }, [colours, format, option]);
  return <div ref={place} className="chart" role="img" aria-label={label} style={{ height }} />;
}

const frame = ({ text, surface, line }: Colours, format: Format): EChartsCoreOption => ({
  textStyle: { fontFamily: 'system-ui, sans-serif', color: text },
  tooltip: {
    trigger: 'axis',
    renderMode: 'richText',
    backgroundColor: surface,
    borderColor: line,
    textStyle: { color: text, fontSize: 12 },
    valueFormatter: (value: unknown) => (typeof value === 'number' ? format.rounded(value) : String(value)),
  },
});
