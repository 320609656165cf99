/**
 * A bell that many ring and one answers: soon after the first ring, so that what happens with it
 * comes along, and not more than a few times a second however often it is rung.
 */
import type { Clock } from './clock.ts';

/** What happens right after a change (its ack) still comes along. */
const GATHER_MS = 30;
const ANSWER_EVERY_MS = 150;

export interface GatheringBell {
  ring(): void;
  /** When it was rung and changes have gathered, or at this time; at once when all ends. */
  rungOr(atMs: number): Promise<void>;
}

export function createGatheringBell(clock: Clock, signal: AbortSignal): GatheringBell {
  let rungAtMs: number | null = null;
  let lastMs = 0;
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    ring: () => {
      rungAtMs ??= clock.nowMs();
      wake();
    },
    rungOr: async (atMs) => {
      while (!signal.aborted) {
        const gatheredMs =
          rungAtMs === null
            ? Number.POSITIVE_INFINITY
            : Math.max(rungAtMs + GATHER_MS, lastMs + ANSWER_EVERY_MS);
        const waitMs = Math.min(atMs, gatheredMs) - clock.nowMs();
        if (waitMs <= 0) break;
        await new Promise<void>((resolve) => {
          const cancel = clock.after(waitMs, resolve);
          wake = (): void => {
            cancel();
            resolve();
          };
        });
      }
      rungAtMs = null;
      lastMs = clock.nowMs();
    },
  };
}
