/**
 * SIGKILL to processes that are known by pid and start time, and the wait until they are gone: what
 * a reaper does with all that bears a mark. A stopped process dies of it too.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, type ProcessIdentity } from './process-table.ts';

const GONE_POLL_MS = 5;
const GONE_POLLS_MAX = 1_000;

/** Answers how many there were. */
export async function killProcesses(processes: readonly ProcessIdentity[]): Promise<number> {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone by itself since it was listed.
    }
  }
  await Promise.all(processes.map(untilGone));
  return processes.length;
}

async function untilGone(identity: ProcessIdentity): Promise<void> {
  for (let poll = 0; poll < GONE_POLLS_MAX && (await isRunning(identity)); poll++) {
    await delay(GONE_POLL_MS);
  }
}
