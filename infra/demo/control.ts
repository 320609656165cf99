/**
 * The control process (`berth up`) as the demo handles it: started, asked for its status over its
 * unix socket, killed, started again. Between two lives the last status stands.
 */
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../services/console/status.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { DemoProcess, StartProcess } from './stage.ts';
import { type Supervisor, supervised } from './supervised.ts';

const CLI = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));
const ASK_TIMEOUT_MS = 2_000;
const POLL_MS = 100;

export interface ControlInit {
  readonly dataDir: string;
  readonly source: { readonly kind: 'manifests' | 'recording'; readonly path: string };
  readonly listen: string;
  readonly socket: string;
  readonly logFile: string;
  /** Folder of the files that AclTargets name. @default none */
  readonly secrets?: string | null;
  /** From when on its status counts. @default the beginning of its log */
  readonly sinceMs?: number;
}

export interface Control {
  start(): Promise<void>;
  /** SIGKILL: nothing is said, nothing is flushed. */
  kill(): Promise<void>;
  /** The last status; null before the first. */
  readonly last: Status | null;
  /** Asks now; null when nobody answers. */
  ask(): Promise<Status | null>;
  /** Asks until `isSo`, up to the bound, or until the process is given up. */
  waitUntil(isSo: (status: Status) => boolean, timeoutMs: number): Promise<boolean>;
}

export function createControl(
  init: ControlInit,
  components: { readonly clock: Clock; readonly startProcess: StartProcess },
  supervisor: Supervisor | null = null,
): Control {
  const { clock, startProcess } = components;
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
    ...(init.secrets == null ? [] : ['--secrets', init.secrets]),
  ];
  const spawn = (): Promise<DemoProcess> => startProcess('control', args, init.logFile);
  const running = supervised('the control process', spawn, supervisor);

  async function ask(): Promise<Status | null> {
    const status = await askStatus(init);
    if (status !== null) last = status;
    return status;
  }

  return {
    get last() {
      return last;
    },
    start: running.start,
    kill: running.kill,
    ask,
    waitUntil: async (isSo, timeoutMs) => {
      const until = clock.nowMs() + timeoutMs;
      while (clock.nowMs() < until && !running.hasFailed) {
        const status = await ask();
        if (status !== null && isSo(status)) return true;
        await clock.sleep(POLL_MS);
      }
      return false;
    },
  };
}

function askStatus({ socket, sinceMs = 0 }: ControlInit): Promise<Status | null> {
  return new Promise((resolve) => {
    const asking = request(
      { socketPath: socket, path: `/api/status?sinceMs=${sinceMs}`, timeout: ASK_TIMEOUT_MS },
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
