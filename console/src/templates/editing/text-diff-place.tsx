/** A difference of two texts; what finds it comes when the first one is shown. */
import { Skeleton } from '@mantine/core';
import { lazy, Suspense, type ComponentProps } from 'react';
import type Drawn from './text-diff.js';

const Found = lazy(() => import('./text-diff.js'));

export function TextDiff(props: ComponentProps<typeof Drawn>) {
  return (
    <Suspense fallback={<Skeleton height={40} />}>
      <Found {...props} />
    </Suspense>
  );
}
