/**
 * Whether a worker hangs. BullMQ's have been seen to stop for good after a failover of Redis, while
 * all else of the process goes on; only a new process helps. So: something waits that this worker
 * could begin, it may begin it, and for a while it has begun nothing; or all that it runs at once
 * has been running for far longer than anything may.
 */
export interface WorkerLook {
  /** Jobs of the queue that could be begun now, as Redis says it. */
  readonly waiting: number;
  /** What this worker runs, and could at once. */
  readonly running: number;
  readonly concurrency: number;
  /** Nobody is to begin anything now: the queue is paused, or its rate is used up. */
  readonly isHeld: boolean;
}

export interface Watchdog {
  /** This worker began or ended a run. */
  moved(nowMs: number): void;
  /** For how long it has hung, where that is too long; null: it has not. */
  look(look: WorkerLook, nowMs: number): number | null;
}

export interface Patience {
  /** Something waits, and it could be begun. */
  readonly idleMs: number;
  /** All places are taken, and nothing ends. */
  readonly busyMs: number;
}

export function createWatchdog(patience: Patience, startMs: number): Watchdog {
  let sinceMs = startMs;
  return {
    moved: (nowMs) => {
      sinceMs = nowMs;
    },
    look({ waiting, running, concurrency, isHeld }, nowMs) {
      if (waiting === 0 || isHeld) sinceMs = nowMs;
      const hungMs = nowMs - sinceMs;
      return hungMs > (running < concurrency ? patience.idleMs : patience.busyMs) ? hungMs : null;
    },
  };
}
