/**
 * Time as a dependency: everything that waits or stamps takes a `Clock`, so that tests can hold
 * it still. Nothing outside the runtime and the adapters touches the machine's timers.
 */
export interface Clock {
  /** Milliseconds since the epoch, as the machine has them (NTP may move it). */
  nowMs(): number;
  /** Ends early, without an error, when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls once after `ms`; the answer cancels it. */
  after(ms: number, call: () => void): () => void;
}

export function systemClock(): Clock {
  return {
    nowMs: () => performance.timeOrigin + performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const done = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal?.addEventListener('abort', done, { once: true });
      }),
    after: (ms, call) => {
      const timer = setTimeout(call, ms);
      return () => {
        clearTimeout(timer);
      };
    },
  };
}
