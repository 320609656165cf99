/** What a watcher says of its view of the source to whoever scrapes it. */
import type { CONTROL_METRICS } from '../contract/metrics.ts';
import { hear } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';

const MS_PER_SECOND = 1000;

export function exposeWatcher(
  metrics: Metrics<typeof CONTROL_METRICS>,
  { clock }: { readonly clock: Clock },
): void {
  const secondsSince = (atMs: number): number => (clock.nowMs() - atMs) / MS_PER_SECOND;
  let heardAtMs = clock.nowMs();
  /** Null: it sees. */
  let blindSinceMs: number | null = clock.nowMs();
  const relists = metrics.counter('berth_watch_relist_total');
  hear('berth:watcher:events-heard', (events) => {
    heardAtMs = clock.nowMs();
    relists.add({}, events.relists);
  });
  hear('berth:watcher:sight-changed', ({ sees }) => {
    if (sees) blindSinceMs = null;
    else blindSinceMs ??= clock.nowMs();
  });
  metrics.reads('berth_watch_last_event_age_seconds', () => secondsSince(heardAtMs));
  metrics.reads('berth_watch_blind_seconds', () =>
    blindSinceMs === null ? 0 : secondsSince(blindSinceMs),
  );
  const terms = metrics.counter('berth_watch_terms_total');
  hear('berth:watcher:term-began', () => terms.add({}));
  const problems = metrics.counter('berth_watch_problems_total');
  hear('berth:watcher:input-refused', ({ code }) => problems.add({ code }));
}
