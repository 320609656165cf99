/**
 * How far readers are behind the log, as metrics: of this process's own functions, from where they
 * are; of groups of processes, from what they committed, so that somebody who is always there can
 * tell of a group that has no process at all, and one is started.
 */
import type { Topic } from '../../contract/topics.ts';
import type { EventLog, Offsets } from '../../ports/event-log/port.ts';
import type { Lag, LagOf } from '../../runtime/consumer-lag.ts';
import type { FunctionPlace } from '../../runtime/consumer-progress.ts';
import type { ControlMetrics } from './control-metrics.ts';

export interface Group {
  readonly group: string;
  readonly topic: Topic;
}

interface Reader<Labels> {
  readonly labels: Labels;
  readonly topic: Topic;
  readonly next: Offsets;
  readonly partitions: readonly number[] | null;
}

const records = (lag: Lag): number | null => lag.records;
const seconds = (lag: Lag): number | null => lag.seconds;

export function exposeLag(
  metrics: ControlMetrics,
  { places, lagOf }: { readonly places: () => readonly FunctionPlace[]; readonly lagOf: LagOf },
): void {
  const readers = async () =>
    places().map(({ name, ...place }) => ({ labels: { function: name }, ...place }));
  metrics.reads('berth_consumer_lag_records', samples(readers, lagOf, records));
  metrics.reads('berth_consumer_lag_seconds', samples(readers, lagOf, seconds));
}

export function exposeGroupLag(
  metrics: ControlMetrics,
  groups: readonly Group[],
  { eventLog, lagOf }: { readonly eventLog: EventLog; readonly lagOf: LagOf },
): void {
  const readers = () =>
    Promise.all(
      groups.map(async ({ group, topic }) => {
        const next = await eventLog.committed(group, topic);
        return { labels: { group }, topic, next, partitions: null };
      }),
    );
  metrics.reads('berth_group_lag_records', samples(readers, lagOf, records));
  metrics.reads('berth_group_lag_seconds', samples(readers, lagOf, seconds));
}

/** What cannot be said (null) is left out. */
function samples<Labels>(
  readers: () => Promise<readonly Reader<Labels>[]>,
  lagOf: LagOf,
  valueIn: (lag: Lag) => number | null,
) {
  const ofReader = async ({ labels, topic, next, partitions }: Reader<Labels>) => {
    const lags = await lagOf(topic, next, partitions);
    return lags.flatMap((lag) => {
      const value = valueIn(lag);
      if (value === null) return [];
      return { labels: { ...labels, topic, partition: String(lag.partition) }, value };
    });
  };
  return async () => (await Promise.all((await readers()).map(ofReader))).flat();
}
