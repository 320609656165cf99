/**
 * One agent a state folder: two would write one kernel's tables by turns. The lock is a name in the
 * kernel (an abstract unix socket) that is made of the folder's device and inode, so it is the
 * same by whatever path or mount the folder is reached, and is free again the moment its holder is
 * gone, SIGKILL too: no file is left to go stale. It reaches as far as the network namespace.
 */
import { mkdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { berthError } from '../contract/errors.ts';

export interface StateLock {
  release(): Promise<void>;
}

/** The folder is made where it is missing. @throws BERTH_AGENT_RUNNING */
export async function lockStateFolder(folder: string): Promise<StateLock> {
  await mkdir(folder, { recursive: true });
  const { dev, ino } = await stat(folder, { bigint: true });
  // Nobody is spoken to.
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE' ? berthError('BERTH_AGENT_RUNNING', { folder }, error) : error,
      );
    });
    server.listen(`\0berth-agent-${dev}-${ino}`, () => resolve());
  });
  // It keeps nobody alive.
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}
