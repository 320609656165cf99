/**
 * A cluster that is opened when it is needed, and thrown away after any failure that is not the
 * broker's own refusal: the next use opens another. So a broker that went away, a half-dead
 * connection and a moved leader are all met in the same way, by beginning anew.
 */
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { type KafkaConnection, type OpenCluster, openCluster } from './cluster.ts';
import { asBerthError, refusalOf } from './failure.ts';
import type { Cluster } from './kafkajs-shapes.ts';

export interface KafkaComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Link {
  /** Fails with an error of our table. */
  use<Answer>(call: (cluster: Cluster) => Promise<Answer>): Promise<Answer>;
  /** What the cluster knows of its topics is asked anew before the next use. */
  refresh(): void;
  /** Ends all connections now; what is under way fails. A later use opens others. */
  giveUp(): void;
}

interface Opened {
  readonly it: OpenCluster;
  readonly ready: Promise<void>;
}

/** It knows where the partitions of these topics are. */
export function kafkaLink(
  connection: KafkaConnection,
  topics: readonly string[],
  { clock, log }: Pick<KafkaComponents, 'clock' | 'log'>,
): Link {
  let opened: Opened | null = null;
  let stale = false;

  function current(): Opened {
    if (opened !== null) return opened;
    const it = openCluster(connection, log);
    const ready = connected(it.cluster, topics);
    // Whoever uses it hears of it.
    ready.catch(() => undefined);
    opened = { it, ready };
    stale = false;
    return opened;
  }

  function drop(which: OpenCluster): void {
    which.giveUp();
    if (opened?.it === which) opened = null;
  }

  return {
    async use(call) {
      const { it, ready } = current();
      let isReady = false;
      try {
        await bounded(ready, clock);
        isReady = true;
        if (stale) {
          stale = false;
          await it.cluster.refreshMetadata();
        }
        return await bounded(call(it.cluster), clock);
      } catch (error) {
        if (!isReady || refusalOf(error) === null) drop(it);
        throw asBerthError(error, connection.brokers);
      }
    },
    refresh() {
      stale = true;
    },
    giveUp() {
      if (opened !== null) drop(opened.it);
    },
  };
}

/**
 * Every request has a time of its own, less than this. Should one be forgotten nevertheless, its
 * caller does not wait for ever.
 */
const USE_BOUND_MS = 60_000;

async function bounded<Answer>(answer: Promise<Answer>, clock: Clock): Promise<Answer> {
  const forgotten = Promise.withResolvers<never>();
  const cancel = clock.after(USE_BOUND_MS, () => {
    forgotten.reject(new Error(`no answer within ${USE_BOUND_MS} ms`));
  });
  try {
    return await Promise.race([answer, forgotten.promise]);
  } finally {
    cancel();
  }
}

async function connected(cluster: Cluster, topics: readonly string[]): Promise<void> {
  await cluster.connect();
  if (topics.length > 0) await cluster.addMultipleTargetTopics(topics);
  else await cluster.refreshMetadata();
}
