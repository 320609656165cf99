/**
 * The stage without a lab: agents keep the kernel's tables in memory (as strict as the kernel), all
 * processes talk over loopback, and a pod is an address and a call to its node's agent.
 */
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../services/runtime/clock.ts';
import { usedTableEntries } from './agent-status.ts';
import { createMemoryPods, type MemoryNode } from './memory-pods.ts';
import { startProcessesHere } from './processes-here.ts';
import type { Stage, StageInit, StageNode } from './stage.ts';
import { claimStageFolder } from './stage-folder.ts';

const NAT_CIDR = '203.0.113.16/28';
const CIDRS_PER_TARGET = 20;
const FIRST_MAC = 0x10;

export async function createMemoryStage(init: StageInit, clock: Clock): Promise<Stage> {
  const { id, runDir } = await claimStageFolder();
  const [heartbeatPort = 0, ...hubPorts] = await freePorts(1 + (init.hubs ?? 1));
  const hubAddresses = hubPorts.map((port) => `127.0.0.1:${port}`);
  const processes = await startProcessesHere({ id, folder: runDir }, clock);
  const places = [...init.nodes, ...init.gateways].map((name, at) =>
    placeOf(runDir, name, at, init.gateways.includes(name)),
  );
  await Promise.all(places.map(({ dir }) => mkdir(dir, { recursive: true })));
  const natCidrs = [init.natCidr ?? NAT_CIDR];
  const pods = createMemoryPods(new Map(places.map((place) => [place.name, place])), clock);
  return {
    datapath: 'memory',
    runDir,
    nodes: places.map((place) => stageNode(place, { hub: hubAddresses.join(','), heartbeatPort })),
    hubAddresses,
    natCidrs,
    targets: init.targets.map(({ name, cidrs }, at) => ({
      name,
      cidrs: cidrs ?? simulatedCidrs(at),
      allowed: natCidrs,
    })),
    secretsDir: null,
    startProcess: (_host, args, logFile) => processes.start(args, logFile),
    network: null,
    workload: null,
    ...pods,
    witnesses: async () => null,
    mapEntries: () => usedTableEntries(places.map(({ cniSocket }) => cniSocket)),
    destroy: async () => {
      await processes.stopAll();
      await rm(runDir, { recursive: true, force: true });
    },
  };
}

function simulatedCidrs(target: number): string[] {
  return Array.from({ length: CIDRS_PER_TARGET }, (_, at) => `198.51.${100 + target}.${at}/32`);
}

interface Place extends MemoryNode {
  readonly name: string;
  readonly gateway: boolean;
  readonly dir: string;
  readonly address: string;
  readonly mac: string;
}

/** Folders are numbered: a node's name may be longer than a socket's path can be. */
function placeOf(runDir: string, name: string, at: number, gateway: boolean): Place {
  const dir = join(runDir, 'nodes', String(at + 1));
  const cniSocket = join(dir, 'cni.sock');
  const mac = `02:be:00:00:01:${(FIRST_MAC + at).toString(16)}`;
  const podPrefix = `10.244.${at + 1}`;
  return { name, gateway, dir, cniSocket, mac, podPrefix, address: `127.0.0.${101 + at}` };
}

function stageNode(
  { name, gateway, address, ...place }: Place,
  { hub, heartbeatPort }: { readonly hub: string; readonly heartbeatPort: number },
): StageNode {
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
    `${place.podPrefix}.0/24`,
    '--pin-dir',
    join(place.dir, 'pins'),
    '--state-dir',
    join(place.dir, 'state'),
    '--cni-socket',
    place.cniSocket,
    '--metrics',
    `unix:${join(place.dir, 'metrics.sock')}`,
    '--underlay-ip',
    address,
    '--mac',
    place.mac,
    // Of this demo alone: another's gateways have the same addresses.
    ...(gateway ? ['--gateway', '--heartbeat-port', String(heartbeatPort)] : []),
  ];
  return { name, gateway, address, agentArgs, cniSocket: place.cniSocket };
}

/** All held until all are known, so that none comes twice. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
