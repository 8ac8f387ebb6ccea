import { expect, test } from 'vitest';
import { identitySchema } from '../../src/ingest/ticket-message.js';

test('an e-mail address is no ticket id: it would be stored and published in clear', () => {
  const idOf = (ticketId: unknown) => identitySchema.safeParse({ source: 'helpdesk', ticketId });
  for (const id of ['ada@example.com', 'mail:ada@example.com', 'ada@example.com/3']) {
    expect(idOf(id).error?.issues[0]?.message).toMatch(/must not be an e-mail address/);
  }
  for (const id of ['35436', 35_436, '<CAF-1@mail.example.com>', 'INC-0612345678']) expect(idOf(id).success).toBe(true);
});
