/**
 * Asks the console for its status over its unix socket, whatever process it is in. When nobody
 * answers, the last status stands.
 */
import { request } from 'node:http';
import type { Status } from '../../services/console/status.ts';
import type { Clock } from '../../services/runtime/clock.ts';

const ASK_TIMEOUT_MS = 2_000;
const POLL_MS = 100;

export interface ConsoleClient {
  /** The last status; null before the first. */
  readonly last: Status | null;
  /** Asks now; null when nobody answers. */
  ask(): Promise<Status | null>;
  /** Asks until `isSo`, up to the bound, or until a process is given up. */
  waitUntil(isSo: (status: Status) => boolean, timeoutMs: number): Promise<boolean>;
}

export interface ConsoleClientInit {
  readonly socket: string;
  /** From when on its status counts. @default the beginning of its log */
  readonly sinceMs?: number;
  /** What is asked for will never come. */
  readonly hasFailed: () => boolean;
}

export function createConsoleClient(init: ConsoleClientInit, clock: Clock): ConsoleClient {
  let last: Status | null = null;

  async function ask(): Promise<Status | null> {
    const status = await askStatus(init);
    if (status !== null) last = status;
    return status;
  }

  return {
    get last() {
      return last;
    },
    ask,
    waitUntil: async (isSo, timeoutMs) => {
      const until = clock.nowMs() + timeoutMs;
      while (clock.nowMs() < until && !init.hasFailed()) {
        const status = await ask();
        if (status !== null && isSo(status)) return true;
        await clock.sleep(POLL_MS);
      }
      return false;
    },
  };
}

async function askStatus({ socket, sinceMs = 0 }: ConsoleClientInit): Promise<Status | null> {
  const body = await answerOf(socket, `/api/status?sinceMs=${sinceMs}`);
  try {
    return body === null ? null : (JSON.parse(body) as Status);
  } catch {
    // Cut off in the middle: the process was killed while it answered.
    return null;
  }
}

/** The body of a good answer on a unix socket; null when there is none. */
export function answerOf(socketPath: string, path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const asking = request({ socketPath, path, timeout: ASK_TIMEOUT_MS }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        resolve(answer.statusCode === 200 ? Buffer.concat(chunks).toString() : null);
      });
      answer.on('error', () => resolve(null));
    });
    asking.on('error', () => resolve(null));
    asking.on('timeout', () => asking.destroy());
    asking.end();
  });
}
