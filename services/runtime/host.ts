/**
 * Hosts functions: binds each trigger to its adapter and runs it until `stop`. A function that
 * throws stops alone, is logged with its code and is told by `failed`, so that the process can
 * end with that error's exit code; nothing is started again here, that is the process's matter.
 */
import { berthError } from '../contract/errors.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import type { Jobs } from '../ports/jobs/port.ts';
import { untilAborted } from './aborted.ts';
import type { Clock } from './clock.ts';
import type {
  BerthFunction,
  JobTrigger,
  PartitionsTrigger,
  StreamTrigger,
} from './define-function.ts';
import type { Log } from './log.ts';
import { runPartitions } from './partitions-runner.ts';
import { runStream } from './stream-runner.ts';

export interface HostComponents {
  readonly eventLog: EventLog;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Log;
}

export interface HostInit {
  /** How long `stop` waits before it leaves a function behind. @default 10_000 */
  readonly stopTimeoutMs?: number;
}

export interface Host {
  /** Fulfilled with the error of the first function that threw, or of the jobs; else never. */
  readonly failed: Promise<Error>;
  /** Ends all functions, in no order. Bounded, never throws, may be called twice. */
  stop(): Promise<void>;
}

interface Running {
  readonly name: string;
  readonly ended: Promise<void>;
}

const STOP_TIMEOUT_MS = 10_000;

export function startFunctions(
  functions: readonly BerthFunction[],
  components: HostComponents,
  init: HostInit = {},
): Host {
  refuseDuplicates(functions);
  const { clock, log } = components;
  const stopTimeoutMs = init.stopTimeoutMs ?? STOP_TIMEOUT_MS;
  const stopping = new AbortController();
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  void components.jobs.failed.then((error) => {
    log.error({ error }, 'the jobs failed');
    fail(error);
  });

  const running = functions.map((definition): Running => {
    const { name } = definition;
    const ended = run(definition, components, stopping.signal).then(
      () => {
        log.debug({ function: name }, 'function ended');
      },
      (error: unknown) => {
        if (stopping.signal.aborted) {
          log.warn({ function: name, error }, 'function failed while stopping');
          return;
        }
        log.error({ function: name, error }, 'function failed');
        fail(error instanceof Error ? error : new Error(String(error)));
      },
    );
    return { name, ended };
  });

  let stopped: Promise<void> | null = null;
  return {
    failed,
    stop() {
      stopped ??= stopAll(running, stopping, { clock, log, stopTimeoutMs });
      return stopped;
    },
  };
}

/** Settles when the function has ended. */
async function run(
  definition: BerthFunction,
  components: HostComponents,
  signal: AbortSignal,
): Promise<void> {
  const { eventLog, jobs } = components;
  if (isStream(definition)) {
    await runStream(definition.trigger, definition.handler, eventLog, signal);
  } else if (isPartitions(definition)) {
    await runPartitions(definition.trigger, definition.handler, components, signal);
  } else if (isJob(definition)) {
    const { queue, options, ready } = definition.trigger;
    await ready?.(signal);
    if (signal.aborted) return;
    const stopWork = jobs.work(queue, definition.handler, options);
    await untilAborted(signal);
    await stopWork();
  } else {
    await definition.handler(signal);
  }
}

type FunctionOf<Trigger> = Extract<BerthFunction, { readonly trigger: Trigger }>;

function isStream(definition: BerthFunction): definition is FunctionOf<StreamTrigger> {
  return definition.trigger.kind === 'stream';
}

function isPartitions(definition: BerthFunction): definition is FunctionOf<PartitionsTrigger> {
  return definition.trigger.kind === 'partitions';
}

function isJob(definition: BerthFunction): definition is FunctionOf<JobTrigger> {
  return definition.trigger.kind === 'job';
}

function refuseDuplicates(functions: readonly BerthFunction[]): void {
  const names = new Set<string>();
  for (const { name } of functions) {
    if (names.has(name)) throw berthError('BERTH_RUNTIME_DUPLICATE_FUNCTION', { name });
    names.add(name);
  }
}

async function stopAll(
  running: readonly Running[],
  stopping: AbortController,
  components: { readonly clock: Clock; readonly log: Log; readonly stopTimeoutMs: number },
): Promise<void> {
  const { clock, log, stopTimeoutMs } = components;
  const left = new Set(running.map(({ name }) => name));
  const allEnded = Promise.all(
    running.map(async ({ name, ended }) => {
      await ended;
      left.delete(name);
    }),
  );
  const { promise: timedOut, resolve: timeOut } = Promise.withResolvers<void>();
  const cancel = clock.after(stopTimeoutMs, timeOut);
  stopping.abort();
  await Promise.race([allEnded, timedOut]);
  cancel();
  for (const name of left) {
    const error = berthError('BERTH_RUNTIME_STOP_TIMEOUT', { name, waitedMs: stopTimeoutMs });
    log.error({ function: name, error }, 'function did not stop');
  }
}
