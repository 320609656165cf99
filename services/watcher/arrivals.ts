/**
 * What a source gave while its reader was busy, taken in one go. It reads ahead, at most so much,
 * and never beyond an event after which the source must wait for the reader.
 */
export interface Arrivals<T> {
  /** What has arrived, at least one; null: the source has ended. @throws what the source throws */
  take(): Promise<readonly T[] | null>;
  /** Lets go of a source whose signal was aborted; fulfilled when it has ended. Never throws. */
  close(): Promise<void>;
}

export interface ArrivalsInit<T> {
  readonly max: number;
  /** Whether nothing may be read after this one before it was taken and `take` is called again. */
  readonly mustWaitAfter: (event: T) => boolean;
}

export function arrivals<T>(source: AsyncIterable<T>, init: ArrivalsInit<T>): Arrivals<T> {
  let arrived: T[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | null = null;
  let wakeReader = (): void => undefined;
  let wakeSource = (): void => undefined;
  let stopped = false;
  let closed = false;

  async function readAhead(): Promise<void> {
    for await (const event of source) {
      arrived.push(event);
      stopped = arrived.length >= init.max || init.mustWaitAfter(event);
      wakeReader();
      if (closed) return;
      if (!stopped) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      wakeSource = resolve;
      await promise;
      if (closed) return;
    }
  }

  const reading = readAhead()
    .catch((error: unknown) => {
      failure = { error };
    })
    .finally(() => {
      ended = true;
      wakeReader();
    });

  return {
    async take() {
      if (stopped && arrived.length === 0) {
        stopped = false;
        wakeSource();
      }
      while (arrived.length === 0 && !ended) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wakeReader = resolve;
        await promise;
      }
      if (arrived.length === 0) {
        if (failure !== null) throw failure.error;
        return null;
      }
      const taken = arrived;
      arrived = [];
      return taken;
    },
    close() {
      closed = true;
      wakeSource();
      return reading;
    },
  };
}
