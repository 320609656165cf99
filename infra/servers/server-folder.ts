/**
 * A folder under the machine's temporary one, for real servers and their data, and the processes
 * started for it. All of it ends with its creator, also by SIGKILL: a detached child holds the
 * reading end of a pipe whose only writing end is the creator's, and when that ends it kills what
 * bears the folder's mark and removes the folder (`reaper-main.ts`).
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { berthError } from '../../services/contract/errors.ts';
import { killProcesses } from '../lab/kill-processes.ts';
import { processesMarked } from '../lab/process-table.ts';
import { type ProcessInit, type ServerProcess, startProcess } from './server-process.ts';

/** In the environment of each process of a folder: the folder's id. */
const MARK = 'BERTH_SERVERS';
const REAPER = fileURLToPath(new URL('./reaper-main.ts', import.meta.url));

export interface ServerFolder {
  readonly path: string;
  /** @throws BERTH_SERVER_START when it cannot be started. */
  start(init: ProcessInit): Promise<ServerProcess>;
  /** Kills what still runs and removes the folder. May be called twice. */
  close(): Promise<void>;
}

/** @throws BERTH_SERVER_START when nobody could watch over it. */
export async function openServerFolder(name: string): Promise<ServerFolder> {
  const path = await mkdtemp(join(tmpdir(), `berth-${name}-`));
  const mark = `${MARK}=${randomUUID()}`;
  const dismiss = await startReaper(mark, path);
  const started: ServerProcess[] = [];
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await Promise.all(started.map((one) => one.kill()));
    await removeServers(mark, path);
    await dismiss();
  };
  return {
    path,
    start: async (init) => {
      const one = await startProcess(init, mark);
      started.push(one);
      return one;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** For the creator, and for its reaper. */
export async function removeServers(mark: string, path: string): Promise<void> {
  await killProcesses(await processesMarked(mark));
  await rm(path, { recursive: true, force: true });
}

/** Answers how to dismiss it: after the servers are gone. */
async function startReaper(mark: string, path: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [REAPER, mark, path], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // It must not keep the creator from ending.
  child.unref();
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  child.stdout.destroy();
  if (child.exitCode !== null) {
    await rm(path, { recursive: true, force: true });
    throw berthError('BERTH_SERVER_START', { name: 'reaper', reason: 'it ended at once' });
  }
  return async () => {
    child.ref();
    child.stdin.end();
    await exited;
  };
}
