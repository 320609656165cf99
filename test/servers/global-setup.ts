/**
 * The real servers of a test run, one of each, for all its test files and workers: the runner's own
 * process starts one when the first test asks for it, and ends it with the run. Tests ask over a
 * socket that is a name in the kernel (shared-servers.ts); each keeps to a prefix of its own.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { startKafka } from '../../infra/kafka/kafka.ts';
import { startRedis } from '../../infra/redis/redis.ts';
import { SERVERS_SOCKET } from './shared-servers.ts';

interface Shared {
  readonly address: string;
  stop(): Promise<void>;
}

const START: Readonly<Record<string, () => Promise<Shared>>> = {
  kafka: async () => {
    const kafka = await startKafka();
    return { address: kafka.bootstrap, stop: kafka.stop };
  },
  redis: async () => {
    const redis = await startRedis();
    return { address: redis.url, stop: redis.stop };
  },
};

export async function setup(): Promise<() => Promise<void>> {
  const started = new Map<string, Promise<Shared>>();
  const shared = (name: string): Promise<Shared> => {
    const found = started.get(name) ?? START[name]?.();
    if (found === undefined) return Promise.reject(new Error(`no shared server ${name}`));
    started.set(name, found);
    return found;
  };
  const server = createServer((socket) => {
    // A worker that has gone needs no answer.
    socket.on('error', () => {});
    socket.once('data', (name) => void answer(socket, () => shared(name.toString())));
  });
  const socketName = `\0berth-test-servers-${randomUUID()}`;
  server.listen(socketName);
  await once(server, 'listening');
  server.unref();
  // Workers have the runner's environment; this is not a path, and needs no removal. An
  // environment holds no NUL, so the name's first byte is left out.
  process.env[SERVERS_SOCKET] = socketName.slice(1);
  return async () => {
    server.close();
    for (const one of await Promise.allSettled(started.values())) {
      if (one.status === 'fulfilled') await one.value.stop();
    }
  };
}

async function answer(socket: Socket, start: () => Promise<Shared>): Promise<void> {
  try {
    const { address } = await start();
    socket.end(JSON.stringify({ address }));
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    socket.end(JSON.stringify({ failure }));
  }
}
