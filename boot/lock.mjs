/**
 * One set-up at a time in a clone. flock(1) on boot.mjs itself: there is no lock file to go stale,
 * and the kernel lets go of the lock when its holder dies, however it dies.
 */
import { spawn } from 'node:child_process';
import { say } from './say.mjs';

const SAY_WAITING_AFTER_MS = 1_000;

/** Answers the function that gives the lock back. */
export function takeLock(file) {
  return new Promise((resolve, reject) => {
    // `cat` holds the lock until our end of the pipe closes: when we say so, or when we die.
    const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    const waiting = setTimeout(
      () => say('waiting for another set-up in this clone'),
      SAY_WAITING_AFTER_MS,
    );
    holder.once('error', reject);
    holder.stdout.once('data', () => {
      clearTimeout(waiting);
      resolve(() => holder.stdin.end());
    });
  });
}
