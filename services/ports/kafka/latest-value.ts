/** A value for one taker who wants the newest only: what was not taken yet is replaced. */
export interface LatestValue<Value> {
  put(value: Value): void;
  /** Fails with this, once it is all that is left. */
  fail(error: unknown): void;
  values(signal: AbortSignal): AsyncGenerator<Value, void, void>;
}

export function latestValue<Value>(): LatestValue<Value> {
  let waiting: { readonly value: Value } | null = null;
  let failure: { readonly error: unknown } | null = null;
  let wake: () => void = () => undefined;
  return {
    put(value) {
      waiting = { value };
      wake();
    },
    fail(error) {
      failure = { error };
      wake();
    },
    async *values(signal) {
      const woken = (): void => wake();
      signal.addEventListener('abort', woken);
      try {
        while (!signal.aborted) {
          if (waiting !== null) {
            const { value } = waiting;
            waiting = null;
            yield value;
          } else if (failure !== null) throw failure.error;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        signal.removeEventListener('abort', woken);
      }
    },
  };
}
