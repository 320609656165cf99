/**
 * At most `max` starts in any window of `windowMs`, wherever the window begins: the times of the
 * last `max` starts are kept, and a start waits until the oldest of them has left the window.
 */
export interface RateLimit {
  /** 0: may start now. */
  waitMs(nowMs: number): number;
  started(nowMs: number): void;
}

export function rateLimit(rate: { readonly max: number; readonly windowMs: number }): RateLimit {
  const starts: number[] = [];
  return {
    waitMs(nowMs) {
      const oldest = starts[0];
      if (oldest === undefined || starts.length < rate.max) return 0;
      // A clock that was set back must not make it wait for longer than a window.
      return Math.min(Math.max(0, oldest + rate.windowMs - nowMs), rate.windowMs);
    },
    started(nowMs) {
      if (starts.length >= rate.max) starts.shift();
      starts.push(nowMs);
    },
  };
}

export function noRateLimit(): RateLimit {
  return { waitMs: () => 0, started: () => undefined };
}
