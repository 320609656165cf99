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
import { type Guard, makeGuard, scramArgs } from './guard.ts';
import { javaArgs, noKafka } from './java.ts';
import { makeOwnClock, noOwnClock, type OwnClock } from './own-clock.ts';
import { type BrokerPlan, bootstrapOf, serverProperties } from './settings.ts';

const READY_WITHIN_MS = 60_000;
const HEAP_MEGABYTES = 512;
const PORTS_PER_BROKER = 4;
/** What Kafka wants as a cluster's id: 16 bytes. */
const CLUSTER_ID_BYTES = 16;

export interface KafkaInit {
  /** @default 1 */
  readonly brokers?: 1 | 3;
  /** Has the guarded listeners too. @default false */
  readonly guarded?: boolean;
  /** Has a clock that can be set. @default false */
  readonly ownClock?: boolean;
}

/** Where a client must say who it is. */
export interface GuardedListeners {
  /** Asks for a certificate; the folder holds one: ca.crt, tls.crt, tls.key. */
  readonly tls: { readonly bootstrap: string; readonly folder: string };
  /** Asks for a password over TLS (SCRAM-SHA-256 or -512). */
  readonly sasl: { readonly bootstrap: string; readonly user: string; readonly password: string };
}

export interface Kafka {
  /** HOST:PORT of each broker, joined by commas. */
  readonly bootstrap: string;
  /** In the order of their ids. */
  readonly brokers: readonly Broker[];
  /** Null: they were not asked for. */
  readonly guarded: GuardedListeners | null;
  /** How far the brokers' time of day is ahead of the machine's from now on. */
  setClock(aheadSeconds: number): Promise<void>;
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

/** What all brokers of one are started with. */
interface Ground {
  readonly folder: ServerFolder;
  readonly cluster: readonly BrokerPlan[];
  readonly guard: Guard | null;
  readonly clock: OwnClock | null;
}

/** @throws BERTH_SERVER_MISSING, BERTH_SERVER_START */
export async function startKafka(init: KafkaInit = {}): Promise<Kafka> {
  const { brokers = 1, guarded = false, ownClock = false } = init;
  const missing = noKafka ?? (ownClock ? noOwnClock : null);
  if (missing !== null)
    throw berthError('BERTH_SERVER_MISSING', { name: 'Kafka', reason: missing });
  const folder = await openServerFolder('kafka');
  try {
    const guard = guarded ? await makeGuard(folder.path) : null;
    const clock = ownClock ? await makeOwnClock(folder.path) : null;
    const ground = { folder, cluster: await planOf(folder, brokers), guard, clock };
    const clusterId = randomBytes(CLUSTER_ID_BYTES).toString('base64url');
    await Promise.all(ground.cluster.map((plan) => format(ground, plan, clusterId)));
    const started = await Promise.all(ground.cluster.map((plan) => startBroker(ground, plan)));
    await Promise.all(started.map(({ untilReady }) => untilReady(brokers)));
    return kafkaOf(
      ground,
      started.map(({ broker }) => broker),
    );
  } catch (error) {
    await folder.close();
    throw error;
  }
}

function kafkaOf({ folder, cluster, guard, clock }: Ground, brokers: readonly Broker[]): Kafka {
  return {
    bootstrap: bootstrapOf(cluster),
    brokers,
    guarded: guard && {
      tls: { bootstrap: bootstrapOf(cluster, 'tlsPort'), folder: guard.tlsFolder },
      sasl: {
        bootstrap: bootstrapOf(cluster, 'saslPort'),
        user: guard.user,
        password: guard.password,
      },
    },
    setClock: async (aheadSeconds) => {
      if (clock !== null) return clock.set(aheadSeconds);
      const reason = 'it was started with the clock of the machine';
      throw berthError('BERTH_SERVER_START', { name: 'a clock of its own', reason });
    },
    stop: () => folder.close(),
  };
}

async function planOf(folder: ServerFolder, count: number): Promise<readonly BrokerPlan[]> {
  const ports = await freePorts(PORTS_PER_BROKER * count);
  return Array.from({ length: count }, (_, at) => {
    const [port = 0, controllerPort = 0, tlsPort = 0, saslPort = 0] = ports.slice(
      PORTS_PER_BROKER * at,
    );
    const dataFolder = join(folder.path, `data-${at + 1}`);
    return { id: at + 1, port, controllerPort, tlsPort, saslPort, dataFolder };
  });
}

const propertiesFile = (folder: ServerFolder, { id }: BrokerPlan): string =>
  join(folder.path, `server-${id}.properties`);

/** Makes its data folder. */
async function format(ground: Ground, plan: BrokerPlan, clusterId: string): Promise<void> {
  const { folder, cluster, guard } = ground;
  const file = propertiesFile(folder, plan);
  await writeFile(file, serverProperties(plan, cluster, guard?.folder));
  const users = guard === null ? [] : scramArgs(guard);
  const formatting = await folder.start({
    name: 'the format of a broker',
    command: 'java',
    args: javaArgs(
      'kafka.tools.StorageTool',
      ['format', `--cluster-id=${clusterId}`, '-c', file, ...users],
      HEAP_MEGABYTES,
    ),
    logFile: join(folder.path, `format-${plan.id}.log`),
  });
  await formatting.untilEnded(READY_WITHIN_MS);
}

interface StartedBroker {
  readonly broker: Broker;
  /** It knows that many brokers. */
  untilReady(brokers: number): Promise<void>;
}

async function startBroker({ folder, clock }: Ground, plan: BrokerPlan): Promise<StartedBroker> {
  const start = (): Promise<ServerProcess> =>
    folder.start({
      name: `broker ${plan.id}`,
      command: 'java',
      args: javaArgs('kafka.Kafka', [propertiesFile(folder, plan)], HEAP_MEGABYTES),
      env: clock?.env ?? {},
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
