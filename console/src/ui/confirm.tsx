import { Alert, Button, Group, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Order {
  /** On the button, and over the question */
  label: string;
  /** What will happen, in a sentence or two */
  description: ReactNode;
  run: () => Promise<unknown>;
  /** More to be said or filled in before */
  children?: ReactNode;
  isReady?: boolean;
  color?: string | undefined;
  variant?: 'filled' | 'light' | 'subtle' | 'default';
  size?: 'compact-xs' | 'compact-sm' | 'xs' | 'sm';
}

/** A button that says what it will do and asks once. What failed is said where it was asked. */
export function Confirm({
  label,
  description,
  run,
  children,
  isReady = true,
  color,
  variant = 'default',
  size = 'xs',
}: Order) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const client = useQueryClient();
  const order = useMutation({
    mutationFn: run,
    onSuccess: async () => {
      setOpened(false);
      await client.invalidateQueries();
    },
  });
  const close = (): void => {
    setOpened(false);
    order.reset();
  };
  return (
    <>
      <Button variant={variant} {...(color && { color })} size={size} onClick={() => setOpened(true)}>
        {label}
      </Button>
      <Modal opened={opened} onClose={close} title={label} centered lockScroll={false}>
        <form
          className="confirm"
          onSubmit={(event) => {
            event.preventDefault();
            order.mutate();
          }}
        >
          <div>{description}</div>
          {children}
          {order.error && (
            <Alert color="red" role="alert">
              {order.error.message}
            </Alert>
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" size="sm" onClick={close}>
              {t('app.cancel')}
            </Button>
            <Button type="submit" size="sm" {...(color && { color })} loading={order.isPending} disabled={!isReady}>
              {label}
            </Button>
          </Group>
        </form>
      </Modal>
    </>
  );
}
