/** Tells a log that something is away: when it begins, at times while it lasts, when it is over. */
import type { BerthError } from '../../contract/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';

const AGAIN_MS = 30_000;

export interface Outage {
  met(failure: BerthError): void;
  over(): void;
}

export function outage({ clock, log }: { readonly clock: Clock; readonly log: Log }): Outage {
  let sinceMs: number | null = null;
  let toldMs = 0;
  const seconds = (): number => Math.round((clock.nowMs() - (sinceMs ?? 0)) / 1000);
  return {
    met(error) {
      const nowMs = clock.nowMs();
      if (sinceMs === null) log.warn({ error }, 'the log is away, trying again');
      else if (nowMs - toldMs < AGAIN_MS) return;
      else log.error({ error, seconds: seconds() }, 'the log is still away');
      sinceMs ??= nowMs;
      toldMs = nowMs;
    },
    over() {
      if (sinceMs === null) return;
      log.info({ seconds: seconds() }, 'the log is back');
      sinceMs = null;
    },
  };
}
