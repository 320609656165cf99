/** How far the functions of this process are behind the log, as metrics. */
import type { Topic } from '../../contract/topics.ts';
import type { Offsets } from '../../ports/event-log/port.ts';
import type { Lag, LagOf } from '../../runtime/consumer-lag.ts';
import type { FunctionPlace } from '../../runtime/consumer-progress.ts';
import type { ControlMetrics } from './control-metrics.ts';

export function exposeLag(
  metrics: ControlMetrics,
  components: { readonly places: () => readonly FunctionPlace[]; readonly lagOf: LagOf },
): void {
  const { places, lagOf } = components;
  const samples = (value: (lag: Lag) => number | null) => async () => {
    const all = await Promise.all(
      places().map(async ({ name, topic, next }) => {
        const lags = await labelled(lagOf, topic, next, value);
        return lags.map(({ labels, value }) => ({ labels: { function: name, ...labels }, value }));
      }),
    );
    return all.flat();
  };
  metrics.reads(
    'berth_consumer_lag_records',
    samples(({ records }) => records),
  );
  metrics.reads(
    'berth_consumer_lag_seconds',
    samples(({ seconds }) => seconds),
  );
}

async function labelled(
  lagOf: LagOf,
  topic: Topic,
  next: Offsets,
  valueIn: (lag: Lag) => number | null,
) {
  return (await lagOf(topic, next)).flatMap((lag) => {
    const value = valueIn(lag);
    if (value === null) return [];
    return { labels: { topic, partition: String(lag.partition) }, value };
  });
}
