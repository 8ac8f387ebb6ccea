import { Button, Group, Modal } from '@mantine/core';
import { useEffect, useEffectEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';

/** Asks before a page with something unsaved is left by a link or for good. Going back restores it (draft.ts). */
export function LeaveGuard({ isUnsaved, onDiscard }: { isUnsaved: boolean; onDiscard: () => void }) {
  const { t } = useTranslation('templates');
  const [, navigate] = useLocation();
  const [leaving, setLeaving] = useState<(() => void) | null>(null);
  const ask = useEffectEvent((go: () => void) => setLeaving(() => go));
  const follow = useEffectEvent((href: string) => navigate(`~${href}`));
  useEffect(() => {
    if (!isUnsaved) return;
    const onClick = (event: MouseEvent): void => {
      const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
      if (!(link instanceof HTMLAnchorElement) || link.origin !== window.location.origin || link.download) return;
      if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || link.target === '_blank') return;
      event.preventDefault();
      event.stopPropagation();
      ask(() => follow(link.pathname + link.search));
    };
    const onUnload = (event: BeforeUnloadEvent): void => event.preventDefault();
    document.addEventListener('click', onClick, true);
    window.addEventListener('beforeunload', onUnload);
    return () => {
      document.removeEventListener('click', onClick, true);
      window.removeEventListener('beforeunload', onUnload);
    };
  }, [isUnsaved]);
  const leave = (): void => {
    setLeaving(null);
    onDiscard();
    leaving?.();
  };
  return (
    <Modal
      opened={leaving !== null}
      onClose={() => setLeaving(null)}
      title={t('leave.title')}
      centered
      lockScroll={false}
    >
      <p className="leave-description">{t('leave.description')}</p>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={leave}>
          {t('leave.discard')}
        </Button>
        <Button onClick={() => setLeaving(null)} data-autofocus>
          {t('leave.stay')}
        </Button>
      </Group>
    </Modal>
  );
}
