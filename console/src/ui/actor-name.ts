import type { useTranslation } from 'react-i18next';

const machines = ['monitor', 'schedule'] as const;

/** What the reader calls who did it; a person is called by name. */
export function actorName(t: ReturnType<typeof useTranslation<'engineers'>>['t'], name: string): string {
  const machine = machines.find((one) => one === name);
  return machine ? t(`actor.${machine}`) : name;
}
