/**
 * One real server as a child process, in a session of its own, so that a Ctrl-C in the terminal
 * reaches the creator alone. It is addressed by its child handle, never by a name; what it prints
 * goes to a file, whose end is part of the error when it does not come up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { berthError } from '../../services/contract/errors.ts';

const POLL_MS = 20;
const GRACE_MS = 15_000;
const LOG_TAIL_CHARACTERS = 1_500;

export interface ProcessInit {
  readonly name: string;
  readonly command: string;
  /** What the process calls itself, when it is not the command. */
  readonly argv0?: string;
  readonly args: readonly string[];
  /** Added to the creator's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and error are appended to it. */
  readonly logFile: string;
}

export interface ServerProcess {
  readonly pid: number;
  /** Asks `isReady` again and again. @throws BERTH_SERVER_START when it ends, or takes too long. */
  untilReady(isReady: () => Promise<boolean>, withinMs: number): Promise<void>;
  /** A command that shall do its work and end. @throws BERTH_SERVER_START unless with code 0. */
  untilEnded(withinMs: number): Promise<void>;
  /** SIGTERM, after the grace time SIGKILL; a stopped one goes on first. Waits until it is gone. */
  stop(): Promise<void>;
  /** SIGKILL. Waits until it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP, SIGCONT. */
  pause(): void;
  resume(): void;
}

/** `mark`: NAME=VALUE for its environment. @throws BERTH_SERVER_START */
export async function startProcess(init: ProcessInit, mark: string): Promise<ServerProcess> {
  const [markName = '', markValue = ''] = mark.split('=');
  const log = await open(init.logFile, 'a');
  try {
    const child = spawn(init.command, init.args, {
      ...(init.argv0 === undefined ? {} : { argv0: init.argv0 }),
      detached: true,
      env: { ...process.env, ...init.env, [markName]: markValue },
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    return handleOf(child, init);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_SERVER_START', { name: init.name, reason }, error);
  } finally {
    await log.close();
  }
}

function handleOf(child: ChildProcess, { name, logFile }: ProcessInit): ServerProcess {
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const failed = async (reason: string): Promise<Error> =>
    berthError('BERTH_SERVER_START', { name, reason: `${reason}: ${await tailOf(logFile)}` });
  return {
    pid: child.pid ?? 0,
    untilReady: async (isReady, withinMs) => {
      for (const end = performance.now() + withinMs; !(await isReady()); await delay(POLL_MS)) {
        if (hasEnded()) throw await failed('it ended');
        if (performance.now() > end) throw await failed(`not ready within ${withinMs / 1_000} s`);
      }
    },
    untilEnded: async (withinMs) => {
      const patience = setTimeout(() => child.kill('SIGKILL'), withinMs);
      const code = await exited;
      clearTimeout(patience);
      if (code !== 0) throw await failed(`it ended with ${code ?? 'a signal'}`);
    },
    // Kill() of a child that has ended does nothing: its pid is never somebody else's.
    stop: async () => {
      child.kill('SIGTERM');
      child.kill('SIGCONT');
      const patience = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await exited;
      clearTimeout(patience);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    pause: () => {
      child.kill('SIGSTOP');
    },
    resume: () => {
      child.kill('SIGCONT');
    },
  };
}

async function tailOf(logFile: string): Promise<string> {
  return (await readFile(logFile, 'utf8')).trim().slice(-LOG_TAIL_CHARACTERS);
}
