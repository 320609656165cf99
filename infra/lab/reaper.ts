/**
 * What makes a lab end with its creator, also by SIGKILL or a crash: a detached child that holds
 * the reading end of a pipe whose only writing end is the creator's. When the creator is gone the
 * pipe ends, and the child destroys the lab by its id (`reaper-main.ts`). Started before anything
 * of the lab exists, in a session of its own, so that Ctrl-C does not reach it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { berthError } from '../../services/contract/errors.ts';

const MAIN = fileURLToPath(new URL('./reaper-main.ts', import.meta.url));

export interface Reaper {
  /** Resolves once it watches. @throws BERTH_LAB_COMMAND when it could not be started. */
  readonly watching: Promise<void>;
  /** After the lab was destroyed: it finds nothing to do and ends. */
  dismiss(): Promise<void>;
}

/** `folder`: goes too, after the rest. */
export function startReaper(labId: string, folder?: string): Reaper {
  const args = folder === undefined ? [MAIN, labId] : [MAIN, labId, folder];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // It must not keep the creator from ending.
  child.unref();
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit');
  const ready = once(child.stdout, 'data');
  const ended = exited.then(() => {
    const details = { command: 'reaper', reason: 'it ended before it watched' };
    throw berthError('BERTH_LAB_COMMAND', details);
  });
  const watching = Promise.race([ready, ended]).then(() => {
    child.stdout.destroy();
  });
  watching.catch(() => {});
  return {
    watching,
    dismiss: async () => {
      child.ref();
      child.stdin.end();
      await exited;
    },
  };
}
