/**
 * The life of a process: run `main` until it ends or the process is told to stop, then end with
 * the exit code of the error table. SIGINT and SIGTERM ask for an orderly stop, which is bounded;
 * a second signal ends the process at once. What nobody caught is logged with its code and stops
 * the process in the same way: a state that nobody thought of is not worth keeping.
 */
import { ERROR_TABLE } from '../contract/error-table.ts';
import { berthError, isBerthError } from '../contract/errors.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** Starts everything, waits, and when the signal is aborted stops everything and returns. */
export type Main = (stop: AbortSignal) => Promise<void>;

/** The part of `process` that this needs; tests pass their own. */
export interface ProcessEvents {
  on(event: string, listener: (argument: unknown) => void): unknown;
  off(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): void;
}

export interface LifeCycleComponents {
  readonly clock: Clock;
  readonly log: Log;
  /** @default process */
  readonly process?: ProcessEvents;
}

export interface LifeCycleInit {
  /** From the first signal on. @default 20_000 */
  readonly stopTimeoutMs?: number;
}

const STOP_TIMEOUT_MS = 20_000;
const EXIT_OK = 0;
const EXIT_INTERNAL = 70;
const EXIT_SIGNAL_TWICE = 130;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export function exitCodeOf(error: unknown): number {
  return isBerthError(error) ? ERROR_TABLE[error.code].exit : EXIT_INTERNAL;
}

/** Answers after it has told the process to exit (a real process is gone by then). */
export async function runMain(
  main: Main,
  components: LifeCycleComponents,
  init: LifeCycleInit = {},
): Promise<void> {
  const { clock, log } = components;
  const events = components.process ?? process;
  const stopTimeoutMs = init.stopTimeoutMs ?? STOP_TIMEOUT_MS;
  const stopping = new AbortController();
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  let cancelTimeout = (): void => undefined;
  let uncaughtExit: number | null = null;

  const stopBounded = (): void => {
    stopping.abort();
    cancelTimeout = clock.after(stopTimeoutMs, () => {
      const error = berthError('BERTH_RUNTIME_STOP_TIMEOUT', {
        name: 'the process',
        waitedMs: stopTimeoutMs,
      });
      log.error({ error }, 'the process did not stop in time');
      end(exitCodeOf(error));
    });
  };
  const onSignal = (signal: unknown): void => {
    if (stopping.signal.aborted) {
      end(EXIT_SIGNAL_TWICE);
      return;
    }
    log.info({ signal }, 'stopping');
    stopBounded();
  };
  const onUncaught = (error: unknown): void => {
    log.error({ error }, 'nobody caught this');
    uncaughtExit ??= exitCodeOf(error);
    if (!stopping.signal.aborted) stopBounded();
  };

  for (const signal of STOP_SIGNALS) events.on(signal, onSignal);
  events.on('uncaughtException', onUncaught);
  events.on('unhandledRejection', onUncaught);
  void runToExitCode(main, stopping.signal, log).then(end);
  const code = await ended;
  cancelTimeout();
  for (const signal of STOP_SIGNALS) events.off(signal, onSignal);
  events.off('uncaughtException', onUncaught);
  events.off('unhandledRejection', onUncaught);
  events.exit(uncaughtExit ?? code);
}

async function runToExitCode(main: Main, stop: AbortSignal, log: Log): Promise<number> {
  try {
    await main(stop);
    return EXIT_OK;
  } catch (error) {
    log.error({ error }, 'the process failed');
    return exitCodeOf(error);
  }
}
