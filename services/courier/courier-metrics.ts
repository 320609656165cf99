/** What a courier says of its pushes to whoever scrapes it. */
import type { CONTROL_METRICS } from '../contract/metrics.ts';
import { hear } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { PushStatus } from './push-states.ts';

export interface CourierMetricsComponents {
  readonly statuses: () => readonly PushStatus[];
  readonly clock: Clock;
}

const MS_PER_SECOND = 1000;

export function exposeCourier(
  metrics: Metrics<typeof CONTROL_METRICS>,
  { statuses, clock }: CourierMetricsComponents,
): void {
  const secondsSince = (atMs: number): number => (clock.nowMs() - atMs) / MS_PER_SECOND;
  metrics.reads('berth_target_read_back_age_seconds', () =>
    statuses().map(({ target, readBackAtMs }) => ({
      labels: { target },
      value: readBackAtMs === null ? Number.NaN : secondsSince(readBackAtMs),
    })),
  );
  metrics.reads('berth_target_failing_seconds', () =>
    statuses().map(({ target, message, sinceMs }) => ({
      labels: { target },
      value: message === null ? 0 : secondsSince(sinceMs),
    })),
  );
  const pushes = metrics.counter('berth_target_pushes_total');
  hear('berth:courier:push-ended', ({ target, code }) => pushes.add({ target, code: code ?? '' }));
}
