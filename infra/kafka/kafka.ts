/**
 * A real Kafka on this machine: one broker or three (KRaft, no ZooKeeper, no container), with ports
 * and a data folder of their own, addressed by process id. It answers metadata requests when it is
 * handed out. It ends with its creator, however that ends.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { berthError } from '../../services/contract/errors.ts';
import { freePorts } from '../servers/free-ports.ts';
import { openServerFolder, type ServerFolder } from '../servers/server-folder.ts';
import type { ServerProcess } from '../servers/server-process.ts';
import { answersWithBrokers } from './answers.ts';
import { javaArgs, noKafka } from './java.ts';
import { type BrokerPlan, bootstrapOf, serverProperties } from './settings.ts';

const READY_WITHIN_MS = 60_000;
const HEAP_MEGABYTES = 512;
/** What Kafka wants as a cluster's id: 16 bytes. */
const CLUSTER_ID_BYTES = 16;

/** @default one broker */
export interface KafkaInit {
  readonly brokers?: 1 | 3;
}

export interface Kafka {
  /** HOST:PORT of each broker, joined by commas. */
  readonly bootstrap: string;
  /** In the order of their ids. */
  readonly brokers: readonly Broker[];
  /** For good: the processes end and their data goes. May be called twice. */
  stop(): Promise<void>;
}

export interface Broker {
  readonly id: number;
  readonly bootstrap: string;
  readonly pid: number;
  /** SIGKILL. It stays down, with its data, until it is restarted. */
  kill(): Promise<void>;
  /** SIGTERM. It hands over what it leads, and stays down until it is restarted. */
  shutDown(): Promise<void>;
  /** SIGSTOP, SIGCONT. */
  pause(): void;
  resume(): void;
  /** On the same ports and data; ends it first (SIGTERM) if it runs. Ready when it answers. */
  restart(): Promise<void>;
}

/** @throws BERTH_SERVER_MISSING, BERTH_SERVER_START */
export async function startKafka({ brokers = 1 }: KafkaInit = {}): Promise<Kafka> {
  if (noKafka !== null) {
    throw berthError('BERTH_SERVER_MISSING', { name: 'Kafka', reason: noKafka });
  }
  const folder = await openServerFolder('kafka');
  try {
    const cluster = await planOf(folder, brokers);
    const clusterId = randomBytes(CLUSTER_ID_BYTES).toString('base64url');
    await Promise.all(cluster.map((broker) => format(folder, broker, cluster, clusterId)));
    const started = await Promise.all(cluster.map((broker) => startBroker(folder, broker)));
    await Promise.all(started.map(({ untilReady }) => untilReady(brokers)));
    return {
      bootstrap: bootstrapOf(cluster),
      brokers: started.map(({ broker }) => broker),
      stop: () => folder.close(),
    };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function planOf(folder: ServerFolder, count: number): Promise<readonly BrokerPlan[]> {
  const ports = await freePorts(2 * count);
  return Array.from({ length: count }, (_, at) => ({
    id: at + 1,
    port: ports[2 * at] ?? 0,
    controllerPort: ports[2 * at + 1] ?? 0,
    dataFolder: join(folder.path, `data-${at + 1}`),
  }));
}

const propertiesFile = (folder: ServerFolder, { id }: BrokerPlan): string =>
  join(folder.path, `server-${id}.properties`);

/** Makes its data folder. */
async function format(
  folder: ServerFolder,
  broker: BrokerPlan,
  cluster: readonly BrokerPlan[],
  clusterId: string,
): Promise<void> {
  const file = propertiesFile(folder, broker);
  await writeFile(file, serverProperties(broker, cluster));
  const args = ['format', '-t', clusterId, '-c', file];
  const formatting = await folder.start({
    name: 'the format of a broker',
    command: 'java',
    args: javaArgs('kafka.tools.StorageTool', args, HEAP_MEGABYTES),
    logFile: join(folder.path, `format-${broker.id}.log`),
  });
  await formatting.untilReady(async () => formatting.hasEnded(), READY_WITHIN_MS);
  const code = await formatting.exited;
  if (code === 0) return;
  throw berthError('BERTH_SERVER_START', { name: 'Kafka', reason: `format ended with ${code}` });
}

interface StartedBroker {
  readonly broker: Broker;
  /** It knows that many brokers. */
  untilReady(brokers: number): Promise<void>;
}

async function startBroker(folder: ServerFolder, plan: BrokerPlan): Promise<StartedBroker> {
  const start = (): Promise<ServerProcess> =>
    folder.start({
      name: `broker ${plan.id}`,
      command: 'java',
      args: javaArgs('kafka.Kafka', [propertiesFile(folder, plan)], HEAP_MEGABYTES),
      logFile: join(folder.path, `broker-${plan.id}.log`),
    });
  let running = await start();
  const untilReady = (brokers: number): Promise<void> =>
    running.untilReady(() => answersWithBrokers(plan.port, brokers), READY_WITHIN_MS);
  const broker: Broker = {
    id: plan.id,
    bootstrap: bootstrapOf([plan]),
    get pid() {
      return running.pid;
    },
    kill: () => running.kill(),
    shutDown: () => running.stop(),
    pause: () => running.pause(),
    resume: () => running.resume(),
    restart: async () => {
      await running.stop();
      running = await start();
      await untilReady(1);
    },
  };
  return { broker, untilReady };
}
