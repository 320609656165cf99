/**
 * Readers that have reached the end sleep here until something was appended, the log is closed,
 * or their own signal is aborted. A plain set of calls, not a promise that all race against: each
 * race would leave a reaction on the reader's long-lived signal.
 */
export interface Wake {
  /** Ends at the next `all`, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<void>;
  all(): void;
}

export function wakeUp(): Wake {
  const sleepers = new Set<() => void>();
  return {
    next: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const wake = (): void => {
          sleepers.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        sleepers.add(wake);
        signal.addEventListener('abort', wake);
      }),
    all: () => {
      for (const wake of [...sleepers]) wake();
    },
  };
}
