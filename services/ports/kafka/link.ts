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
export function kafkaLink(connection: KafkaConnection, topics: readonly string[], log: Log): Link {
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
        await ready;
        isReady = true;
        if (stale) {
          stale = false;
          await it.cluster.refreshMetadata();
        }
        return await call(it.cluster);
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

async function connected(cluster: Cluster, topics: readonly string[]): Promise<void> {
  await cluster.connect();
  if (topics.length > 0) await cluster.addMultipleTargetTopics(topics);
  else await cluster.refreshMetadata();
}
