/**
 * An agent's core over the kernel model and a disk in memory, for the tests of this folder. The
 * kernel and the disk outlive it: `restart` is what a crash and a new process are.
 */
import { parseCidr } from '../contract/cidr.ts';
import type { PodUid } from '../contract/identity.ts';
import { parseIp } from '../contract/ip-address.ts';
import { ownerOf } from '../contract/ownership.ts';
import type { Clock } from '../runtime/clock.ts';
import { jsonLog } from '../runtime/log.ts';
import { createAttachedPods } from './attached-pods.ts';
import type { AttachmentChange } from './attachment-files.ts';
import { createGuards } from './guards.ts';
import { createKernelModel, type KernelModel } from './kernel-model-fixtures.ts';
import { openKernelTables } from './kernel-tables.ts';
import { createNodeAgent, type NewlyMapped, type NodeAgent } from './node-agent.ts';
import type { PodAttachment } from './pod-attachment.ts';
import { createTurns } from './turns.ts';
import { type Change, commit, nothingWanted, type Wanted } from './wanted.ts';

export interface Disk {
  readonly acked: Wanted;
  readonly pods: Map<PodUid, PodAttachment>;
  /** What the next write is to fail with; null: it works. */
  failure: Error | null;
  /** How often something was written to it. */
  writes: number;
}

export interface AgentFixture {
  readonly kernel: KernelModel;
  readonly disk: Disk;
  readonly agent: NodeAgent;
  restart(): Promise<NewlyMapped>;
}

const CLOCK: Clock = {
  nowMs: () => 1000,
  sleep: async () => undefined,
  after: () => () => undefined,
};

export async function startAgent(self = 'node-1'): Promise<AgentFixture> {
  const kernel = createKernelModel();
  const disk: Disk = { acked: nothingWanted(), pods: new Map(), failure: null, writes: 0 };
  const fixture = {
    kernel,
    disk,
    agent: open(self, kernel, disk),
    async restart() {
      fixture.agent = open(self, kernel, disk);
      return fixture.agent.adopt([...disk.pods.values()]);
    },
  };
  await fixture.agent.adopt([]);
  return fixture;
}

function open(self: string, kernel: KernelModel, disk: Disk): NodeAgent {
  const tables = openKernelTables(
    {
      self,
      podCidrs: [parseCidr('10.1.0.0/16')],
      uplinkMac: '02:00:00:00:00:01',
      owns: (address, gateways) => ownerOf(address, gateways) === self,
    },
    kernel.tables,
  );
  const log = jsonLog({ level: 'silent' });
  const files = {
    write: async (changes: readonly AttachmentChange[]) => {
      work(disk);
      for (const change of changes) {
        disk.pods.delete('gone' in change ? change.gone : change.uid);
        if (!('gone' in change)) disk.pods.set(change.uid, change);
      }
    },
  };
  const acked = {
    append: async (_: Wanted, change: Change) => {
      work(disk);
      commit(disk.acked, change);
    },
  };
  const wanted: Wanted = { ...disk.acked, resources: new Map(disk.acked.resources) };
  const pods = createAttachedPods({ files, tables, hooks: kernel.hooks, log });
  const guards = createGuards(kernel.hooks);
  const turns = createTurns();
  return createNodeAgent({ clock: CLOCK, log, turns, tables, pods, guards, acked, wanted });
}

function work(disk: Disk): void {
  const { failure } = disk;
  disk.writes += 1;
  disk.failure = null;
  if (failure !== null) throw failure;
}

/** The interface is made too, as the container runtime does before it announces the pod. */
export function attachment(
  kernel: KernelModel,
  uid: string,
  ip: string,
  name = `veth-${uid}`,
): PodAttachment {
  if (!kernel.interfaces.has(name)) kernel.interfaces.set(name, kernel.interfaces.size + 10);
  return { uid, ip: parseIp(ip), netns: null, hostInterface: name };
}
