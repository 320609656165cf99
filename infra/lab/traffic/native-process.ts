/**
 * The native traffic process (`infra/lab/native`, built as build/lab-traffic): lines of commands
 * in, lines of events out. It ends when its input does, so it never outlives its creator.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { berthError } from '../../../services/contract/errors.ts';
import { LAB_MARK } from '../command.ts';
import { parseTrafficEvent, type TrafficEvent } from './events.ts';

const PROGRAM = fileURLToPath(new URL('../../../build/lab-traffic', import.meta.url));

export interface NativeProcess {
  send(command: string): void;
  /** Waits until it is gone. */
  close(): Promise<void>;
}

export interface NativeProcessInit {
  readonly labId: string;
  readonly logFile: string;
  readonly onEvent: (event: TrafficEvent) => void;
  /** It ended without having been closed: nothing that it ran goes on. */
  readonly onDeath: (error: Error) => void;
}

/** @throws BERTH_LAB_TRAFFIC when it is not built, or does not start. */
export async function startNativeProcess(init: NativeProcessInit): Promise<NativeProcess> {
  if (!existsSync(PROGRAM)) throw failed('build/lab-traffic is not there; build it: npm run ready');
  const { child, exited } = await spawned(init);
  let closing = false;
  let nonsense: Error | null = null;
  const ready = new Promise<void>((resolve, reject) => {
    exited.then((how) => {
      const error = nonsense ?? failed(`it ended (${how}); see ${init.logFile}`);
      reject(error);
      if (!closing) init.onDeath(error);
    });
    readLines(child, (line) => {
      try {
        const event = parseTrafficEvent(line);
        if (event.event === 'ready') resolve();
        else init.onEvent(event);
      } catch (error) {
        // What it measures cannot be told any more: better no answer than half of one.
        nonsense ??= error instanceof Error ? error : failed(String(error));
        child.kill('SIGKILL');
      }
    });
  });
  child.stdin?.on('error', () => {});
  await ready;
  return {
    send: (command) => {
      child.stdin?.write(`${command}\n`);
    },
    close: async () => {
      closing = true;
      child.stdin?.end();
      await exited;
    },
  };
}

interface Spawned {
  readonly child: ChildProcess;
  /** By which code or signal. */
  readonly exited: Promise<string>;
}

async function spawned(init: NativeProcessInit): Promise<Spawned> {
  const log = await open(init.logFile, 'a');
  try {
    const child = spawn(PROGRAM, [], {
      // Ctrl-C is for the creator: the clients go on until it says so.
      detached: true,
      env: { ...process.env, [LAB_MARK]: init.labId },
      stdio: ['pipe', 'pipe', log.fd],
    });
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(String(code ?? signal));
      });
    });
    await once(child, 'spawn');
    return { child, exited };
  } catch (error) {
    throw failed(error instanceof Error ? error.message : String(error), error);
  } finally {
    await log.close();
  }
}

function readLines(child: ChildProcess, take: (line: string) => void): void {
  if (child.stdout === null) return;
  createInterface({ input: child.stdout }).on('line', take);
}

function failed(reason: string, cause?: unknown) {
  return berthError('BERTH_LAB_TRAFFIC', { reason }, cause);
}
