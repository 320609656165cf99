/**
 * The stage without a lab: agents keep the kernel's tables in memory (as strict as the kernel), all
 * processes talk over loopback, and a pod is an address and a call to its node's agent.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { berthError } from '../../services/contract/errors.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import { type AgentRequest, callAgent } from '../lab/agent-call.ts';
import { usedTableEntries } from './agent-status.ts';
import { startProcessesHere } from './processes-here.ts';
import type { Stage, StageNode } from './stage.ts';

const GATEWAYS = ['gw1'];
const NAT_CIDRS = ['203.0.113.16/28'];
const CIDRS_PER_TARGET = 20;
const AGENT_TIMEOUT_MS = 15_000;
const PODS_PER_NODE_MAX = 250;

export async function createMemoryStage(names: readonly string[], clock: Clock): Promise<Stage> {
  const runDir = await mkdtemp(join(tmpdir(), 'berth-demo-'));
  const hubAddress = `127.0.0.1:${await freePort()}`;
  const processes = await startProcessesHere(idOf(runDir), clock);
  const nodes = await Promise.all(
    [...names, ...GATEWAYS].map((name, at) => stageNode(runDir, name, at, hubAddress)),
  );
  const socketOf = (name: string): string => join(runDir, 'nodes', name, 'cni.sock');
  /** Node by pod uid. */
  const pods = new Map<string, string>();
  let podsMade = 0;

  async function call(node: string, request: AgentRequest): Promise<void> {
    const socketPath = socketOf(node);
    const answer = await callAgent({ socketPath, request, timeoutMs: AGENT_TIMEOUT_MS }, clock);
    if (answer.ok) return;
    const { code, message } = answer;
    throw berthError('BERTH_LAB_POD_REFUSED', { uid: request.uid, code, message });
  }

  return {
    datapath: 'memory',
    runDir,
    nodes,
    hubAddress,
    natCidrs: NAT_CIDRS,
    targets: ['orders-db', 'ledger'].map((name, at) => ({
      name,
      cidrs: Array.from({ length: CIDRS_PER_TARGET }, (_, i) => `198.51.${100 + at}.${i}/32`),
      allowed: NAT_CIDRS,
    })),
    startProcess: (_host, args, logFile) => processes.start(args, logFile),
    workload: null,
    createPod: async (uid, node, bind) => {
      podsMade += 1;
      const ip = `10.244.${names.indexOf(node) + 1}.${(podsMade % PODS_PER_NODE_MAX) + 2}`;
      const netns = `/simulated/${uid}`;
      const hostInterface = `veth${podsMade}`;
      await bind();
      await call(node, { verb: 'add', uid, ip, netns, hostInterface });
      pods.set(uid, node);
    },
    deletePod: async (uid) => {
      const node = pods.get(uid);
      pods.delete(uid);
      if (node !== undefined) await call(node, { verb: 'del', uid });
    },
    witnesses: async () => null,
    mapEntries: async () => {
      const counts = await Promise.all(nodes.map(({ name }) => usedTableEntries(socketOf(name))));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    destroy: async () => {
      await processes.stopAll();
      await rm(runDir, { recursive: true, force: true });
    },
  };
}

/** What the processes are marked with: the random part of the folder's name. */
function idOf(runDir: string): string {
  return `demo${runDir.slice(-6)}`;
}

async function stageNode(
  runDir: string,
  name: string,
  at: number,
  hub: string,
): Promise<StageNode> {
  const gateway = GATEWAYS.includes(name);
  const dir = join(runDir, 'nodes', name);
  await mkdir(dir, { recursive: true });
  const address = `127.0.0.${101 + at}`;
  const agentArgs = [
    '--node',
    name,
    '--boot-id',
    `demo-${name}`,
    '--hub',
    hub,
    '--datapath',
    'memory',
    '--uplink',
    'uplink',
    '--pod-cidr',
    `10.244.${at + 1}.0/24`,
    '--pin-dir',
    join(dir, 'pins'),
    '--state-dir',
    join(dir, 'state'),
    '--cni-socket',
    join(dir, 'cni.sock'),
    '--underlay-ip',
    address,
    '--mac',
    `02:be:00:00:01:${(16 + at).toString(16)}`,
    ...(gateway ? ['--gateway'] : []),
  ];
  return { name, gateway, address, agentArgs };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
  });
}
