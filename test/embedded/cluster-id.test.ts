/** Ids of the embedded broker's cluster. */
import { expect, test } from 'vitest';
import { toClusterId } from '../../src/embedded/kafka.js';

test('no id of a cluster begins with a dash, which Kafka’s tool takes for an option', () => {
  for (let first = 0; first < 256; first += 1) {
    const id = toClusterId(Buffer.from([first, ...Array.from({ length: 15 }, () => 255)]));
    expect(id).toMatch(/^[A-Za-z0-9][\w-]{21}$/);
  }
});
