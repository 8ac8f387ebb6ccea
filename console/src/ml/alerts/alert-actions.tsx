import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import * as api from '../api.js';
import { Confirm } from '../../ui/confirm.js';

const hours = ['4', '24', '72', '168'] as const;
const hourMs = 3_600_000;

/** Acknowledge, snooze with a reason, close with a reason. */
export function AlertActions({ alert: { id, state } }: { alert: api.AlertDetail }) {
  const { t } = useTranslation('engineers');
  const [reason, setReason] = useState('');
  const [time, setTime] = useState<(typeof hours)[number]>('24');
  const until = (): string => new Date(Date.now() + Number(time) * hourMs).toISOString();
  const why = (
    <TextInput
      label={t('alerts.reason')}
      value={reason}
      onChange={({ currentTarget: { value } }) => setReason(value)}
      maxLength={1000}
      required
      data-autofocus
    />
  );
  if (state === 'closed') return null;
  return (
    <>
      <Confirm
        label={t('alerts.snooze')}
        description={t('alerts.snoozeDescription')}
        run={() => api.snooze(id, { reason, until: until() })}
        isReady={reason.trim() !== ''}
      >
        {why}
        <NativeSelect
          label={t('alerts.snoozeFor')}
          value={time}
          onChange={({ currentTarget: { value } }) => setTime(hours.find((one) => one === value) ?? '24')}
          data={hours.map((value) => ({ value, label: t(`alerts.hours.${value}`) }))}
        />
      </Confirm>
      <Confirm
        label={t('alerts.close')}
        description={t('alerts.closeDescription')}
        run={() => api.closeAlert(id, reason)}
        isReady={reason.trim() !== ''}
      >
        {why}
      </Confirm>
      {state !== 'acknowledged' && (
        <Confirm
          label={t('alerts.acknowledge')}
          variant="filled"
          description={t('alerts.acknowledgeDescription')}
          run={() => api.acknowledge(id)}
        />
      )}
    </>
  );
}
