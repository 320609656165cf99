/**
 * A clock that stands still until a test moves it. `advance` calls what becomes due on the way, in
 * order of time, each at its own time; what those calls ask for is called too, if it falls due.
 */
import type { Clock } from '../../services/runtime/clock.ts';

export interface ManualClock extends Clock {
  advance(ms: number): void;
  /** Moves the time without calling anything, backwards too, as NTP would. */
  set(nowMs: number): void;
  /** How many calls wait. */
  waiting(): number;
}

interface Timer {
  readonly atMs: number;
  readonly call: () => void;
}

const START_MS = Date.UTC(2026, 0, 1);

export function manualClock(startMs: number = START_MS): ManualClock {
  let nowMs = startMs;
  const timers = new Set<Timer>();

  const after = (ms: number, call: () => void): (() => void) => {
    const timer = { atMs: nowMs + Math.max(0, ms), call };
    timers.add(timer);
    return () => {
      timers.delete(timer);
    };
  };
  const firstUntil = (endMs: number): Timer | undefined =>
    [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];

  return {
    nowMs: () => nowMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const done = (): void => {
          cancel();
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const cancel = after(ms, done);
        signal?.addEventListener('abort', done, { once: true });
      }),
    advance(ms) {
      const endMs = nowMs + ms;
      for (let timer = firstUntil(endMs); timer !== undefined; timer = firstUntil(endMs)) {
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.call();
      }
      nowMs = endMs;
    },
    set(value) {
      nowMs = value;
    },
    waiting: () => timers.size,
  };
}
