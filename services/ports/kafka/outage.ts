/**
 * Tells a log that something is away: when it has lasted, at times while it lasts, when it is over.
 * A leader that moves and a coordinator that has just started are over before anybody need know.
 */
import type { BerthError } from '../../contract/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';

const UNTOLD_MS = 2_000;
const AGAIN_MS = 30_000;

export interface Outage {
  met(failure: BerthError): void;
  over(): void;
}

export function outage({ clock, log }: { readonly clock: Clock; readonly log: Log }): Outage {
  let sinceMs: number | null = null;
  let toldMs: number | null = null;
  const seconds = (): number => Math.round((clock.nowMs() - (sinceMs ?? 0)) / 1000);
  return {
    met(error) {
      const nowMs = clock.nowMs();
      sinceMs ??= nowMs;
      if (nowMs - sinceMs < UNTOLD_MS) {
        log.debug({ error }, 'the log did not answer, trying again');
      } else if (toldMs === null) {
        toldMs = nowMs;
        log.warn({ error, seconds: seconds() }, 'the log is away, trying again');
      } else if (nowMs - toldMs >= AGAIN_MS) {
        toldMs = nowMs;
        log.error({ error, seconds: seconds() }, 'the log is still away');
      }
    },
    over() {
      if (toldMs !== null) log.info({ seconds: seconds() }, 'the log is back');
      sinceMs = null;
      toldMs = null;
    },
  };
}
