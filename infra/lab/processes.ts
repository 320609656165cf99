/**
 * Processes in the lab's namespaces: `berth up`, agents. Each in a session of its own, so that a
 * Ctrl-C in the terminal reaches the creator alone, which ends the lab in order; all of them bear
 * the lab's mark, by which the reaper finds them when the creator is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { berthError } from '../../services/contract/errors.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import { inNetns, LAB_MARK } from './command.ts';

const GRACE_MS = 5_000;

export interface ProcessInit {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the creator's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and error are appended to it. */
  readonly logFile: string;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LabProcess {
  readonly pid: number;
  /** Resolves, never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Freezes it, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Waits until it is gone. SIGTERM is followed by SIGKILL after the grace time (5 s). */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<ProcessExit>;
}

/** @throws BERTH_LAB_COMMAND when it cannot be started. */
export function startInNetns(
  labId: string,
  netns: string,
  init: ProcessInit,
  clock: Clock,
): Promise<LabProcess> {
  const { file, args } = inNetns(netns, init.command, init.args);
  return startMarked(labId, { ...init, command: file, args }, clock);
}

/** In this process's own namespace. @throws BERTH_LAB_COMMAND when it cannot be started. */
export async function startMarked(
  labId: string,
  { command, args, env, logFile }: ProcessInit,
  clock: Clock,
): Promise<LabProcess> {
  const log = await open(logFile, 'a');
  try {
    const child = spawn(command, args, {
      detached: true,
      env: { ...process.env, ...env, [LAB_MARK]: labId },
      stdio: ['ignore', log.fd, log.fd],
    });
    return handleOf(await started(child, command), clock);
  } finally {
    await log.close();
  }
}

async function started(child: ChildProcess, command: string): Promise<ChildProcess> {
  try {
    await once(child, 'spawn');
    return child;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_LAB_COMMAND', { command, reason }, error);
  }
}

function handleOf(child: ChildProcess, clock: Clock): LabProcess {
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  return {
    pid: child.pid ?? 0,
    exited,
    signal: (signal) => {
      child.kill(signal);
    },
    stop: async (signal) => {
      child.kill(signal);
      // Kill() of a child that has ended does nothing: its pid is never somebody else's.
      const cancel = clock.after(GRACE_MS, () => child.kill('SIGKILL'));
      const exit = await exited;
      cancel();
      return exit;
    },
  };
}
