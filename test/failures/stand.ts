/**
 * A whole distributed installation for the failure scenarios: a real Kafka and a real Redis of its
 * own, every role a process, two of those that may go, agents with the datapath in memory, an ACL
 * server, pods that come and go. Whoever plays a scenario has each process in its hand.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServedAcl, serveAcl, TEST_KEY } from '../../infra/acl-server/testing/served-acl.ts';
import { createAgents } from '../../infra/demo/agents.ts';
import { type ConsoleClient, createConsoleClient } from '../../infra/demo/console-client.ts';
import { CLI } from '../../infra/demo/control.ts';
import {
  egressNatObject,
  namespaceObject,
  nodeObject,
  poolObject,
  targetObject,
} from '../../infra/demo/kubernetes-objects.ts';
import { createManifests, type Manifests } from '../../infra/demo/manifests.ts';
import { createMemoryStage } from '../../infra/demo/memory-stage.ts';
import { seededRandom } from '../../infra/demo/seeded-random.ts';
import type { Stage } from '../../infra/demo/stage.ts';
import { type Kafka, type KafkaInit, startKafka } from '../../infra/kafka/kafka.ts';
import { type Redis, startRedis } from '../../infra/redis/redis.ts';
import { TOPICS } from '../../services/contract/topics.ts';
import { kafkaCheckpoints } from '../../services/ports/checkpoints/kafka.ts';
import type { Checkpoints } from '../../services/ports/checkpoints/port.ts';
import { kafkaEventLog } from '../../services/ports/event-log/kafka.ts';
import type { EventLog } from '../../services/ports/event-log/port.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { jsonLog } from '../../services/runtime/log.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import { type Churn, createChurn } from './churn.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { type RoleProcess, roleProcess } from './role-process.ts';
import { createWitness, type Witness } from './witness.ts';

const PREFIX = 'failures';
const NAMESPACES = ['shop', 'pay', 'mail'];
export const LABELS = { app: 'checkout' };
export const EVENTS = `${PREFIX}.events`;
export const TARGET = 'orders-db';
export const QUARANTINE_SECONDS = 2;
const SECRET = 'acl-key';
const READY_WITHIN_MS = 90_000;
const POLL_MS = 50;

export interface Roles {
  readonly watcher: RoleProcess;
  readonly mappers: readonly RoleProcess[];
  readonly courier: RoleProcess;
  readonly hubs: readonly RoleProcess[];
  readonly console: RoleProcess;
}

export function allRoles({ mappers, hubs, watcher, courier, console }: Roles): RoleProcess[] {
  return [...mappers, ...hubs, watcher, courier, console];
}

export interface Stand {
  readonly kafka: Kafka;
  readonly redis: Redis;
  readonly roles: Roles;
  readonly status: ConsoleClient;
  readonly stage: Stage;
  readonly manifests: Manifests;
  readonly churn: Churn;
  readonly acl: ServedAcl;
  /** Clients of the test's own. */
  readonly log: EventLog;
  readonly checkpoints: Checkpoints;
  readonly history: Recorder;
  readonly acks: Recorder;
  readonly witness: Witness;
  /** For a further process of a role. */
  another(name: string, role: 'mapper'): RoleProcess;
  /** @throws with `what` when it never came so. */
  until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void>;
  end(): Promise<void>;
}

export async function raiseStand(init: KafkaInit = {}): Promise<Stand> {
  const clock = systemClock();
  const [kafka, redis, acl] = await Promise.all([startKafka(init), startRedis(), serveAcl(TARGET)]);
  const targets = [{ name: 'ledger' }];
  const stage = await createMemoryStage(
    { nodes: ['n1', 'n2'], gateways: ['gw1'], targets, hubs: 2 },
    clock,
  );
  const manifests = await createManifests(join(stage.runDir, 'manifests'));
  const { dataDir, certificates, secrets } = await furnish(stage);
  await applyPolicies(stage, manifests, acl);
  const roles = rolesOf(stage, { kafka, redis, manifests: manifests.dir, certificates, secrets });
  const all = allRoles(roles);
  const until = createUntil(clock);
  await Promise.all(all.map((role) => role.start()));
  await createAgents(stage, dataDir).startAll();

  const components = { clock, random: systemRandom(), log: jsonLog({ level: 'silent' }) };
  const connection = { brokers: kafka.bootstrap.split(',') };
  const log = await kafkaEventLog({ connection, prefix: PREFIX }, components);
  const checkpoints = await kafkaCheckpoints({ connection, prefix: PREFIX }, components);
  const history = createRecorder(log, TOPICS.events.name);
  const acks = createRecorder(log, TOPICS.acks.name);
  for (const role of all) await until(`${role.name} is ready`, () => role.isReady());

  const socket = join(stage.runDir, 'console-status.sock');
  return {
    kafka,
    redis,
    roles,
    stage,
    manifests,
    acl,
    log,
    checkpoints,
    history,
    acks,
    until,
    status: createConsoleClient({ socket, hasFailed: () => false }, clock),
    churn: createChurn({
      stage,
      manifests,
      namespaces: NAMESPACES,
      labels: LABELS,
      random: seededRandom(1),
    }),
    witness: createWitness(log, `witness/${PREFIX}`),
    another: (name, role) => {
      const options = ['--kafka', kafka.bootstrap, '--prefix', PREFIX, '--redis', redis.url];
      return roleProcess({ name, role, options, folder: stage.runDir }, stage.startProcess);
    },
    end: async () => {
      await Promise.all([history.stop(), acks.stop()]);
      await Promise.all([log.close(), checkpoints.close()]);
      await stage.destroy();
      await Promise.all([kafka.stop(), redis.stop(), acl.close()]);
    },
  };
}

function createUntil(clock: ReturnType<typeof systemClock>): Stand['until'] {
  return async (what, isSo) => {
    const endMs = clock.nowMs() + READY_WITHIN_MS;
    while (!(await isSo())) {
      if (clock.nowMs() > endMs) throw new Error(`it never came so that ${what}`);
      await clock.sleep(POLL_MS);
    }
  };
}

async function furnish(
  stage: Stage,
): Promise<{ dataDir: string; certificates: string; secrets: string }> {
  const inFolder = (name: string): string => join(stage.runDir, name);
  const folders = {
    dataDir: inFolder('data'),
    certificates: inFolder('certificates'),
    secrets: inFolder('secrets'),
  };
  await Promise.all(Object.values(folders).map((folder) => mkdir(folder, { recursive: true })));
  await writeFile(join(folders.secrets, SECRET), `${TEST_KEY}\n`, { mode: 0o600 });
  const where = ['--data', folders.dataDir, '--out', folders.certificates];
  const args = [CLI, 'certificate', '--hub', 'hub-1', 'hub-2', ...where];
  const issuing = await stage.startProcess('control', args, inFolder('hub-certificates.log'));
  await issuing.exited;
  return folders;
}

async function applyPolicies(stage: Stage, manifests: Manifests, acl: ServedAcl): Promise<void> {
  const [ledger] = stage.targets;
  const pool = poolObject({ name: 'blue', addresses: stage.natCidrs, portsPerPod: 1024 });
  const spec = { ...(pool['spec'] as object), quarantineSeconds: QUARANTINE_SECONDS };
  const webhook = { url: acl.url, secret: SECRET };
  const orders = { name: TARGET, cidrs: ['198.51.101.0/28'], allowed: [], aclServer: webhook };
  for (const { name, address, gateway } of stage.nodes) {
    await manifests.apply(nodeObject(name, address, gateway));
  }
  await manifests.apply({ ...pool, spec });
  await manifests.apply(targetObject(orders));
  if (ledger !== undefined) await manifests.apply(targetObject(ledger));
  for (const namespace of NAMESPACES) {
    await manifests.apply(namespaceObject(namespace));
    const names = { namespace, name: 'checkout', pool: 'blue' };
    const targets = [TARGET, 'ledger'];
    await manifests.apply(egressNatObject({ ...names, podLabels: LABELS, targets }));
  }
}

interface Places {
  readonly kafka: Kafka;
  readonly redis: Redis;
  readonly manifests: string;
  readonly certificates: string;
  readonly secrets: string;
}

function rolesOf(stage: Stage, places: Places): Roles {
  const shared = ['--kafka', places.kafka.bootstrap, '--prefix', PREFIX];
  const jobs = ['--redis', places.redis.url];
  const role = (name: string, kind: string, options: readonly string[]): RoleProcess => {
    const init = { name, role: kind, options: [...shared, ...options], folder: stage.runDir };
    return roleProcess(init, stage.startProcess);
  };
  const hubs = stage.hubAddresses.map((listen, at) => {
    const name = `hub-${at + 1}`;
    const certificates = join(places.certificates, name);
    return role(name, 'hub', ['--listen', listen, '--certificates', certificates]);
  });
  const socket = join(stage.runDir, 'console-status.sock');
  return {
    watcher: role('watcher', 'watcher', ['--manifests', places.manifests]),
    mappers: [role('mapper-1', 'mapper', jobs), role('mapper-2', 'mapper', jobs)],
    courier: role('courier', 'courier', [...jobs, '--secrets', places.secrets]),
    hubs,
    console: role('console', 'console', ['--socket', socket]),
  };
}
