/**
 * Whoever has nothing to do sleeps here until there may be something, or its signal is aborted. A
 * plain set of calls, not a promise that all race against, and nothing is left on the signal: it
 * often lives as long as the process.
 */
export interface Wake {
  /** Ends at the next `all`, or when the signal is aborted. To be asked only with nothing to do. */
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
