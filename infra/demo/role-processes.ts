/**
 * What is above the agents, each role a process of its own (`berth run ROLE`), two of those that
 * are to be killed, on a real Kafka and a real Redis. The processes share nothing but these: not a
 * folder, not a socket.
 */
import { join } from 'node:path';
import type { Clock } from '../../services/runtime/clock.ts';
import { answerOf, createConsoleClient } from './console-client.ts';
import { CLI, type Control, type ControlInit, type RoleProcess } from './control.ts';
import { type RunningServers, startServers } from './servers.ts';
import type { Stage } from './stage.ts';
import { type ProcessStatus, type Supervisor, supervised } from './supervised.ts';

export interface DistributedInit extends Omit<ControlInit, 'listen' | 'logFile'> {
  /** Where each hub is. */
  readonly hubs: readonly string[];
  /** @default some of its own are started with it */
  readonly servers?: RunningServers;
  /** Of its topics, groups and queues there. @default berth */
  readonly prefix?: string;
}

const MAPPERS = 2;

export function createRoleProcesses(
  init: DistributedInit,
  { stage, clock }: { readonly stage: Stage; readonly clock: Clock },
  supervisor: Supervisor | null = null,
): Control {
  const { runDir, startProcess } = stage;
  const certificates = join(runDir, 'certificates');
  const logOf = (name: string): string => join(runDir, `${name}.log`);
  let servers = init.servers ?? null;
  let isStarting = true;

  function roleProcess(name: string, role: string, options: readonly string[]): RoleProcess {
    const socket = join(runDir, `${name}.sock`);
    const spawn = () => {
      const { kafka = '', redis = '' } = servers ?? {};
      const own = ['--metrics', `unix:${socket}`, '--log-file', logOf(name)];
      const prefix = ['--prefix', init.prefix ?? 'berth'];
      const redisToo = NEEDS_REDIS.has(role) ? ['--redis', redis] : [];
      const shared = ['--kafka', kafka, ...prefix, ...redisToo];
      const args = [CLI, 'run', role, '--name', name, ...shared, ...options, ...own];
      return startProcess('control', args, logOf(name));
    };
    return Object.assign(supervised(name, spawn, supervisor), {
      name,
      isReady: async () => (await answerOf(socket, '/readyz')) !== null,
      metric: async (metric: string) => sampleIn(await answerOf(socket, '/metrics'), metric),
    });
  }

  const { kind, path } = init.source;
  const secrets = init.secrets == null ? [] : ['--secrets', init.secrets];
  const watcher = roleProcess('watcher', 'watcher', [`--${kind}`, path]);
  const mappers = Array.from({ length: MAPPERS }, (_, at) =>
    roleProcess(`mapper-${at + 1}`, 'mapper', []),
  );
  const courier = roleProcess('courier', 'courier', secrets);
  const hubs = init.hubs.map((listen, at) => {
    const name = `hub-${at + 1}`;
    const options = ['--listen', listen, '--certificates', join(certificates, name)];
    return roleProcess(name, 'hub', options);
  });
  const console = roleProcess('console', 'console', ['--socket', init.socket]);
  const janitor = roleProcess('janitor', 'janitor', []);
  const all = [watcher, ...mappers, courier, janitor, ...hubs, console];

  async function issueCertificates(): Promise<void> {
    const names = hubs.map(({ name }) => name);
    const where = ['--data', init.dataDir, '--out', certificates];
    const args = [CLI, 'certificate', '--hub', ...names, ...where];
    const issuing = await startProcess('control', args, logOf('hub-certificates'));
    await issuing.exited;
  }

  const hasFailed = (): boolean => all.some((each) => each.hasFailed);
  return Object.assign(createConsoleClient({ ...init, hasFailed }, clock), {
    start: async () => {
      const starting = servers ?? startServers(stage, clock);
      [servers] = await Promise.all([starting, issueCertificates()]);
      await Promise.all(all.map((each) => each.start()));
      isStarting = false;
    },
    kill: async () => {
      await Promise.all(all.map((each) => each.kill()));
    },
    processes: () =>
      isStarting ? [] : [...all.map(({ status }) => status), ...statusesOf(servers)],
    roles: { hubs, mappers },
  });
}

const NEEDS_REDIS: ReadonlySet<string> = new Set(['mapper', 'courier']);

function statusesOf(servers: RunningServers | null): ProcessStatus[] {
  return Object.entries(servers?.pids ?? {}).map(([name, pid]) => ({ name, pid, state: 'runs' }));
}

function sampleIn(text: string | null, metric: string): number | null {
  const found = text?.split('\n').find((line) => line.startsWith(`${metric} `));
  return found === undefined ? null : Number(found.slice(metric.length + 1));
}
