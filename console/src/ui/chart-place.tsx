/** A chart whose drawing code comes when the first one is shown. */
import { Skeleton } from '@mantine/core';
import { lazy, Suspense, type ComponentProps } from 'react';
import type Chart from './chart.js';

const Drawn = lazy(() => import('./chart.js'));

export function ChartPlace(props: ComponentProps<typeof Chart>) {
  return (
    <Suspense fallback={<Skeleton height={props.height} />}>
      <Drawn {...props} />
    </Suspense>
  );
}
