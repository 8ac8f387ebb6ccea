import { useTranslation } from 'react-i18next';
import { State } from '../ui/parts.js';
import type { TemplateState } from '../service/api-types.js';

const kinds = { draft: 'busy', allowed: 'good', blocked: 'bad', retired: 'quiet' } as const;

export function StateBadge({ state }: { state: TemplateState }) {
  const { t } = useTranslation('templates');
  return <State kind={kinds[state]}>{t(`state.${state}`)}</State>;
}
