import { connect } from 'node:net';

/** Kafka's metadata request, version 4, without topics */
function metadataRequest(): Buffer {
  const body = Buffer.alloc(15);
  body.writeInt16BE(3, 0); // metadata
  body.writeInt16BE(4, 2); // API version
  body.writeInt32BE(1, 4); // correlation id
  body.writeInt16BE(-1, 8); // no client id
  body.writeInt32BE(0, 10); // no topics
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length, 0);
  return Buffer.concat([size, body]);
}

/**
 * Whether a broker is running and a member of its cluster. One that is starting, or fenced by its controller, does not
 * answer or does not list itself.
 */
export async function isBrokerReady(port: number, timeoutMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = Buffer.alloc(0);
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      // size, correlation id, throttle time, number of brokers
      if (answer.length >= 16) finish(answer.readInt32BE(4) === 1 && answer.readInt32BE(12) > 0);
    });
  });
}
