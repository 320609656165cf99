/**
 * The control process (`berth up`) as the demo handles it: started, asked for its status over its
 * unix socket, killed, started again. Between two lives the last status stands.
 */
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../services/console/status.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { DemoProcess, StartProcess } from './stage.ts';

const CLI = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));
const ASK_TIMEOUT_MS = 2_000;
const POLL_MS = 100;

export interface ControlInit {
  readonly dataDir: string;
  readonly source: { readonly kind: 'manifests' | 'recording'; readonly path: string };
  readonly listen: string;
  readonly socket: string;
  readonly logFile: string;
}

export interface Control {
  start(): Promise<void>;
  /** SIGKILL: nothing is said, nothing is flushed. */
  kill(): Promise<void>;
  /** The last status; null before the first. */
  readonly last: Status | null;
  /** Asks now; null when nobody answers. */
  ask(): Promise<Status | null>;
  /** Asks until `isSo`, up to the bound. */
  waitUntil(isSo: (status: Status) => boolean, timeoutMs: number): Promise<boolean>;
}

export function createControl(
  init: ControlInit,
  components: { readonly clock: Clock; readonly startProcess: StartProcess },
): Control {
  const { clock, startProcess } = components;
  let running: DemoProcess | null = null;
  let last: Status | null = null;
  const args = [
    CLI,
    'up',
    '--data',
    init.dataDir,
    `--${init.source.kind}`,
    init.source.path,
    '--listen',
    init.listen,
    '--socket',
    init.socket,
    '--log-file',
    init.logFile,
  ];

  async function ask(): Promise<Status | null> {
    const status = await askStatus(init.socket);
    if (status !== null) last = status;
    return status;
  }

  return {
    get last() {
      return last;
    },
    start: async () => {
      running = await startProcess('control', args, init.logFile);
    },
    kill: async () => {
      await running?.stop('SIGKILL');
      running = null;
    },
    ask,
    waitUntil: async (isSo, timeoutMs) => {
      const until = clock.nowMs() + timeoutMs;
      while (clock.nowMs() < until) {
        const status = await ask();
        if (status !== null && isSo(status)) return true;
        await clock.sleep(POLL_MS);
      }
      return false;
    },
  };
}

function askStatus(socketPath: string): Promise<Status | null> {
  return new Promise((resolve) => {
    const asking = request(
      { socketPath, path: '/api/status', timeout: ASK_TIMEOUT_MS },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          resolve(answer.statusCode === 200 ? parse(Buffer.concat(chunks)) : null);
        });
        answer.on('error', () => resolve(null));
      },
    );
    asking.on('error', () => resolve(null));
    asking.on('timeout', () => asking.destroy());
    asking.end();
  });
}

function parse(body: Buffer): Status | null {
  try {
    return JSON.parse(body.toString()) as Status;
  } catch {
    // Cut off in the middle: the process was killed while it answered.
    return null;
  }
}
