/** A process that can be started, killed at any moment, and started again. */

import { hasCode } from '../../../services/contract/errors.ts';
import { endLife, type Life, newLife } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

export interface Process {
  readonly name: string;
  /** Null while it is down. */
  readonly life: Life | null;
  start(): void;
  /** SIGKILL: nothing of it runs any more. */
  kill(): void;
}

/** What a process ends with, and rightly: it has nothing to do in this log. */
const LEAVES = ['BERTH_LOG_MOVED', 'BERTH_LOG_UNFINISHED'] as const;

/** `run` throws when the process would end by itself, which none of ours may. */
export function createProcess(
  name: string,
  { history }: Surroundings,
  run: (life: Life) => Promise<void>,
): Process {
  let life: Life | null = null;
  // It may also have died of itself, in the middle of something.
  const living = (): Life | null => (life?.alive === true ? life : null);
  return {
    name,
    get life() {
      return living();
    },
    start() {
      if (living() !== null) return;
      const started = newLife(name);
      life = started;
      history.tell(name, 'starts');
      run(started).catch((error: unknown) => {
        if (!started.alive) return;
        if (LEAVES.some((code) => hasCode(error, code))) {
          history.tell(name, `ends: ${String(error)}`);
          endLife(started);
          return;
        }
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        history.broken('no process ends by itself', `${name}: ${text}`);
      });
    },
    kill() {
      const ended = living();
      if (ended === null) return;
      history.tell(name, 'is killed');
      endLife(ended);
    },
  };
}
