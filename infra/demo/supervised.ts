/**
 * A process of the demo that is killed and started by name; where a supervisor is asked for, one
 * that ends by itself (or by somebody's hand) is started again, as systemd or a kubelet would. One
 * that ends soon after each start is given up.
 */
import type { Clock } from '../../services/runtime/clock.ts';
import type { DemoProcess } from './stage.ts';

export interface Supervised {
  start(): Promise<void>;
  /** SIGKILL: nothing is said, nothing is flushed. It stays down until it is started. */
  kill(): Promise<void>;
  /** SIGTERM: it ends in order, and stays down. */
  stop(): Promise<void>;
  /** SIGSTOP, SIGCONT. */
  freeze(): void;
  thaw(): void;
  /** It ended by itself, and nobody starts it again. */
  readonly hasFailed: boolean;
  readonly status: ProcessStatus;
}

/** For people. */
export interface ProcessStatus {
  readonly name: string;
  readonly state: 'runs' | 'paused' | 'down';
  /** Null: it is down. */
  readonly pid: number | null;
}

export interface Supervisor {
  readonly clock: Clock;
  readonly news: (line: string) => void;
  /** From then on processes end because all does. */
  readonly ending: AbortSignal;
}

const PAUSE_MS = 1_000;
const SOON_MS = 3_000;
const SOON_MAX = 3;

/** `supervisor` null: it stays down. */
export function supervised(
  name: string,
  spawn: () => Promise<DemoProcess>,
  supervisor: Supervisor | null,
): Supervised {
  let running: DemoProcess | null = null;
  let isFrozen = false;
  /** Of calls: one that comes meanwhile takes over. */
  let turn = 0;
  let endedSoon = 0;
  let hasFailed = false;

  async function start(): Promise<void> {
    turn += 1;
    const process = await spawn();
    running = process;
    isFrozen = false;
    hasFailed = false;
    const startedMs = supervisor?.clock.nowMs() ?? 0;
    void process.exited.then(async () => {
      if (running === process) await endedByItself(startedMs);
    });
  }

  async function endedByItself(startedMs: number): Promise<void> {
    running = null;
    if (supervisor === null) {
      hasFailed = true;
      return;
    }
    const { clock, news, ending } = supervisor;
    if (ending.aborted) return;
    endedSoon = clock.nowMs() - startedMs < SOON_MS ? endedSoon + 1 : 0;
    if (endedSoon === SOON_MAX) {
      news(`${name} ended again and again: it is given up`);
      hasFailed = true;
      return;
    }
    const mine = ++turn;
    news(`${name} ended by itself: starting it again`);
    await clock.sleep(PAUSE_MS);
    if (turn !== mine || ending.aborted) return;
    await start().catch(() => {
      hasFailed = true;
    });
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    turn += 1;
    const ended = running;
    running = null;
    await ended?.stop(signal);
  }

  return {
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    freeze: () => {
      running?.signal('SIGSTOP');
      isFrozen = running !== null;
    },
    thaw: () => {
      running?.signal('SIGCONT');
      isFrozen = false;
    },
    get hasFailed() {
      return hasFailed;
    },
    get status() {
      if (running === null) return { name, state: 'down' as const, pid: null };
      return { name, state: isFrozen ? ('paused' as const) : ('runs' as const), pid: running.pid };
    },
  };
}
