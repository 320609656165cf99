/** Trying again what time may cure, with waits in between that grow and are not twice the same. */
import type { BerthError } from '../../contract/errors.ts';
import { asBerthError } from './failure.ts';
import type { KafkaComponents } from './link.ts';

const FIRST_WAIT_MS = 50;
const WAIT_MAX_MS = 2_000;

/** The waits of one who fails again and again, until it says that it went well. */
export function backOff(components: Pick<KafkaComponents, 'clock' | 'random'>): {
  wait(signal?: AbortSignal): Promise<void>;
  reset(): void;
} {
  const { clock, random } = components;
  let waitMs = FIRST_WAIT_MS;
  return {
    async wait(signal) {
      const now = waitMs * (0.5 + random.next() / 2);
      waitMs = Math.min(2 * waitMs, WAIT_MAX_MS);
      await clock.sleep(now, signal);
    },
    reset() {
      waitMs = FIRST_WAIT_MS;
    },
  };
}

export interface PersistInit {
  readonly boundMs: number;
  /** For the reader of the failure. */
  readonly brokers: readonly string[];
  readonly signal?: AbortSignal;
}

/** Until it goes well, or can't any more, or the time is up: then with the last failure. */
export async function persist<Answer>(
  call: () => Promise<Answer>,
  init: PersistInit,
  components: Pick<KafkaComponents, 'clock' | 'random'>,
): Promise<Answer> {
  const { clock } = components;
  const untilMs = clock.nowMs() + init.boundMs;
  const pause = backOff(components);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const failure: BerthError = asBerthError(error, init.brokers);
      if (failure.retry === 'never' || clock.nowMs() >= untilMs) throw failure;
      if (init.signal?.aborted === true) throw failure;
      await pause.wait(init.signal);
    }
  }
}
