/** Cost of a training, from its measured time and configurable prices. */

export interface Prices {
  currency: string;
  /** Per hour; for an own machine electricity and depreciation */
  cpuHour: number;
  ownGpuHour: number;
  rentedGpuHour: number;
  /** Assumed speed-up of a GPU */
  gpuSpeedup: number;
}

export interface TrainingCosts {
  currency: string;
  gpuSpeedup: number;
  ways: {
    way: 'this CPU' | 'own GPU' | 'rented GPU';
    measured: boolean;
    seconds: number;
    pricePerHour: number;
    cost: number;
  }[];
}

export function trainingCosts(
  { device, seconds }: { device: 'cpu' | 'gpu'; seconds: number },
  { currency, cpuHour, ownGpuHour, rentedGpuHour, gpuSpeedup }: Prices,
): TrainingCosts {
  const onCpu = device === 'cpu' ? seconds : seconds * gpuSpeedup;
  const onGpu = device === 'gpu' ? seconds : seconds / gpuSpeedup;
  const priced = (way: TrainingCosts['ways'][number]['way'], took: number, pricePerHour: number) => ({
    way,
    measured: (way === 'this CPU') === (device === 'cpu'),
    seconds: Math.round(took * 10) / 10,
    pricePerHour,
    cost: Math.round((took / 3600) * pricePerHour * 10_000) / 10_000,
  });
  return {
    currency,
    gpuSpeedup,
    ways: [
      priced('this CPU', onCpu, cpuHour),
      priced('own GPU', onGpu, ownGpuHour),
      priced('rented GPU', onGpu, rentedGpuHour),
    ],
  };
}
