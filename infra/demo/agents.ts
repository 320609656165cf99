/**
 * The agents of the demo: one process a node, gateways included; killed and started by name. Each
 * shows the hub a certificate of its node, which `berth certificate` issues before the first start.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLI } from './control.ts';
import type { DemoProcess, Stage, StageNode } from './stage.ts';
import { type Supervised, type Supervisor, supervised } from './supervised.ts';

const MAIN = fileURLToPath(new URL('../../services/agent/main.ts', import.meta.url));

/** What is young in an agent is a push, and no code of it is hot (docs/operating.md). */
export const NODE_FLAGS = ['--max-semi-space-size=1', '--optimize-for-size'];

const LOG_NAME_MAX = 100;

export interface Agents {
  startAll(): Promise<void>;
  /** `more`: arguments after the usual ones, from now on. */
  start(node: string, more?: readonly string[]): Promise<void>;
  /** SIGKILL: what it had pinned stays and works on. */
  kill(node: string): Promise<void>;
  /** SIGTERM, as at an upgrade. */
  stop(node: string): Promise<void>;
  freeze(node: string): void;
  thaw(node: string): void;
}

/** `dataDir`: of the control process that they shall reach. */
export function createAgents(
  stage: Stage,
  dataDir: string,
  supervisor: Supervisor | null = null,
): Agents {
  const agents = new Map(
    stage.nodes.map((node) => [node.name, agentOn(stage, node, supervisor)] as const),
  );
  return {
    startAll: async () => {
      await issueCertificates(stage, dataDir);
      await Promise.all([...agents.values()].map((agent) => agent.start()));
    },
    start: async (name, more) => agents.get(name)?.start(more),
    kill: async (name) => agents.get(name)?.kill(),
    stop: async (name) => agents.get(name)?.stop(),
    freeze: (name) => agents.get(name)?.freeze(),
    thaw: (name) => agents.get(name)?.thaw(),
  };
}

function certificatesDir(runDir: string): string {
  return join(runDir, 'certificates');
}

async function issueCertificates(
  { nodes, runDir, startProcess }: Stage,
  dataDir: string,
): Promise<void> {
  const names = nodes.map(({ name }) => name);
  const args = [CLI, 'certificate', ...names, '--data', dataDir, '--out', certificatesDir(runDir)];
  const issuing = await startProcess('control', args, join(runDir, 'certificates.log'));
  await issuing.exited;
}

function agentOn(
  { runDir, startProcess }: Stage,
  { name, agentArgs }: StageNode,
  supervisor: Supervisor | null,
): Pick<Supervised, 'kill' | 'stop' | 'freeze' | 'thaw'> & {
  start(more?: readonly string[]): Promise<void>;
} {
  // A node's name may be as long as a file's name can be.
  const logFile = `${runDir}/agent-${name.slice(0, LOG_NAME_MAX)}.log`;
  const args = [...agentArgs, '--certificates', join(certificatesDir(runDir), name)];
  let added: readonly string[] = [];
  const spawn = (): Promise<DemoProcess> =>
    startProcess(name, [...NODE_FLAGS, MAIN, ...args, ...added], logFile);
  const { start, kill, stop, freeze, thaw } = supervised(`the agent of ${name}`, spawn, supervisor);
  return {
    start: (more = added) => {
      added = more;
      return start();
    },
    kill,
    stop,
    freeze,
    thaw,
  };
}
