/** How a source that looks at files sleeps: until it is rung, or it is time to look anyway. */
import type { Clock } from '../../runtime/clock.ts';

export interface Doorbell {
  ring(): void;
  /** Until it is rung (or was, since the last time), at most this long. */
  heard(clock: Clock, waitMs: number): Promise<void>;
}

export function doorbell(): Doorbell {
  let rung = false;
  let answer = (): void => undefined;
  return {
    ring() {
      rung = true;
      answer();
    },
    async heard(clock, waitMs) {
      if (!rung && waitMs > 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        answer = resolve;
        const cancel = clock.after(waitMs, resolve);
        await promise;
        cancel();
      }
      rung = false;
    },
  };
}
