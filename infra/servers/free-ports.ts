/**
 * Free ports on the loopback. Below the range from which the kernel takes those of outgoing
 * connections (32768 on), so that a server that is started again finds its port free.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { berthError } from '../../services/contract/errors.ts';

const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES_MAX = 200;

/** All different, at random, so that others who look at the same time look elsewhere. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < TRIES_MAX && ports.size < count; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) ports.add(port);
  }
  if (ports.size === count) return [...ports];
  throw berthError('BERTH_SERVER_START', { name: 'server', reason: 'no free port was found' });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
