import { NumberInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import * as api from '../api.js';
import { Confirm } from '../../ui/confirm.js';

const usualShare = 10;

/** Promote, canary, shadow: each says what it does to tickets and agents. */
export function RolloutActions({ version, models }: { version: string; models: api.Models }) {
  const { t } = useTranslation('engineers');
  const [percent, setPercent] = useState<number | string>(usualShare);
  const champion =
    models.items.find(({ aliases }) => aliases.includes('champion'))?.version ?? t('models.textSimilarity');
  const share = Number(percent) / 100;
  return (
    <div className="row-actions">
      <Confirm
        label={t('models.shadow')}
        description={t('models.shadowDescription', { version, champion })}
        run={() => api.shadow(version)}
      />
      <Confirm
        label={t('models.canary')}
        description={t('models.canaryDescription', { version, champion })}
        run={() => api.canary(version, share)}
        isReady={share > 0 && share <= 1}
      >
        <NumberInput
          label={t('models.share')}
          value={percent}
          onChange={setPercent}
          min={1}
          max={100}
          suffix=" %"
          hideControls
        />
      </Confirm>
      <Confirm
        label={t('models.promote')}
        variant="light"
        description={t('models.promoteDescription', { version, champion })}
        run={() => api.promote(version)}
      />
    </div>
  );
}
