/**
 * The distributed adapters: log and checkpoints on Kafka, jobs on Redis, for any number of
 * processes. What the command line names as files (certificates, passwords) is read here.
 */
import { kafkaCheckpoints } from '../../ports/checkpoints/kafka.ts';
import { kafkaEventLog } from '../../ports/event-log/kafka.ts';
import { bullmqJobs } from '../../ports/jobs/bullmq.ts';
import type { Jobs } from '../../ports/jobs/port.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { OpenAdapters } from './adapters.ts';
import { kafkaConnection, textOf } from './kafka-connection.ts';
import { noJobs } from './no-jobs.ts';

export interface DistributedInit {
  /** HOST:PORT, one at least. */
  readonly kafka: readonly string[];
  /** Folder; undefined: no TLS. */
  readonly kafkaTls?: string | undefined;
  /** File; undefined: no login. */
  readonly kafkaSasl?: string | undefined;
  readonly prefix: string;
  /** URL; undefined: these roles have no jobs. */
  readonly redis?: string | undefined;
  /** File. */
  readonly redisPassword?: string | undefined;
  /** File. */
  readonly redisCa?: string | undefined;
}

interface Components {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** @throws BERTH_LOG_UNREACHABLE, _LOGIN, _TLS, _TOPIC, BERTH_JOBS_REDIS, BERTH_CONFIG_BAD */
export async function distributedAdapters(
  init: DistributedInit,
  components: Components,
): Promise<OpenAdapters> {
  const { kafka: brokers, kafkaTls: tls, kafkaSasl: sasl, prefix } = init;
  const connection = await kafkaConnection({ brokers, tls, sasl });
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const each of opened.toReversed()) await each.close();
  };
  try {
    const eventLog = await kafkaEventLog({ connection, prefix }, components);
    opened.push(eventLog);
    const checkpoints = await kafkaCheckpoints({ connection, prefix }, components);
    opened.push(checkpoints);
    const jobs = await jobsOf(init, components);
    opened.push(jobs);
    return { eventLog, checkpoints, jobs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function jobsOf(init: DistributedInit, components: Components): Promise<Jobs> {
  const { redis: url, redisPassword, redisCa, prefix } = init;
  if (url === undefined) return noJobs;
  const password = redisPassword === undefined ? null : (await textOf(redisPassword)).trim();
  const ca = redisCa === undefined ? null : await textOf(redisCa);
  return bullmqJobs(
    { url, prefix, ...(password === null ? {} : { password }), ...(ca === null ? {} : { ca }) },
    components,
  );
}
