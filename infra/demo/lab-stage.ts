/** The stage in the lab: network namespaces, real eBPF, targets that count what they see. */
import { join } from 'node:path';
import { cidrHasIp } from '../../services/contract/cidr.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import type { Random } from '../../services/runtime/random.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import type { LabNode } from '../lab/plan.ts';
import { usedTableEntries } from './agent-status.ts';
import { COMPILE_CACHE } from './compile-cache.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Stage, StageInit, StageNode } from './stage.ts';
import { createWorkload } from './workload.ts';

const HUB_PORT = 7443;

export async function createLabStage(
  init: StageInit,
  components: {
    readonly clock: Clock;
    readonly random: Random;
    /** Which addresses clients talk to. */
    readonly picks: SeededRandom;
  },
): Promise<{ stage: Stage; lab: Lab }> {
  const { clock, random, picks } = components;
  const lab = await createLab(init, { clock, random });
  const workload = createWorkload(lab.targets, { traffic: lab.traffic, clock, random: picks });
  const all = [...lab.nodes, ...lab.gateways];
  const hubAddresses = Array.from(
    { length: init.hubs ?? 1 },
    (_, at) => `${lab.control.uplinkIp}:${HUB_PORT + at}`,
  );
  const hosts = new Map([...all, lab.control].map((host) => [host.name, host]));

  /** Uids of pods that shall run: one that goes while it is being created must not start. */
  const given = new Set<string>();

  const stage: Stage = {
    datapath: 'kernel',
    runDir: lab.runDir,
    nodes: all.map((node) => stageNode(node, hubAddresses.join(','))),
    hubAddresses,
    natCidrs: [lab.plan.natCidr],
    targets: lab.targets.map(({ name, cidrs, aclServer }) => {
      return { name, cidrs, allowed: [lab.plan.natCidr], aclServer };
    }),
    secretsDir: lab.plan.secretsDir,
    startProcess: async (host, args, logFile) => {
      const place = hosts.get(host) ?? lab.control;
      return lab.startProcess(place, {
        command: process.execPath,
        args,
        logFile,
        env: COMPILE_CACHE,
      });
    },
    network: { cut: lab.cutNode, heal: lab.healNode },
    workload,
    createPod: async ({ uid, node, bind, talksTo }) => {
      given.add(uid);
      const pod = await lab.createPod({ uid, node, sandboxMade: bind });
      if (given.has(uid)) workload.start(pod, talksTo);
    },
    stopPod: async (uid) => {
      given.delete(uid);
      workload.stop(uid);
      const pod = lab.pods().find((each) => each.uid === uid);
      if (pod !== undefined) await lab.traffic.drop(pod.netns);
    },
    deletePod: async (uid) => {
      given.delete(uid);
      workload.stop(uid);
      await lab.deletePod(uid);
    },
    witnesses: async () => {
      const counters = await Promise.all(lab.targets.map((target) => target.readCounters()));
      const seen = (nat: boolean): string[] => {
        const sources = counters.flatMap(({ sourcesSeen }) => sourcesSeen);
        const those = sources.filter(({ address }) => cidrHasIp(lab.plan.natCidr, address) === nat);
        return [...new Set(those.map(({ address }) => address))].sort(inOrder);
      };
      return {
        leakedPackets: counters.reduce((sum, { leakedPackets }) => sum + leakedPackets, 0),
        natAddressesSeen: seen(true),
        otherSourcesSeen: seen(false),
        refusedNatPackets: counters
          .flatMap(({ sourcesRefused }) => sourcesRefused)
          .filter(({ address }) => cidrHasIp(lab.plan.natCidr, address))
          .reduce((sum, { packets }) => sum + packets, 0),
      };
    },
    mapEntries: () => usedTableEntries(all.map(({ cniSocket }) => cniSocket)),
    destroy: () => lab.destroy(),
  };
  return { stage, lab };
}

function inOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

export function metricsSocketOf({ stateDir }: Pick<LabNode, 'stateDir'>): string {
  return join(stateDir, 'metrics.sock');
}

function stageNode(node: LabNode, hub: string): StageNode {
  const { name, role, uplinkIp, podCidr, pinDir, stateDir, cniSocket } = node;
  const gateway = role === 'gateway';
  return {
    name,
    gateway,
    address: uplinkIp,
    cniSocket,
    agentArgs: [
      '--node',
      name,
      '--boot-id',
      `lab-${name}`,
      '--hub',
      hub,
      '--datapath',
      'kernel',
      '--uplink',
      'uplink',
      ...(podCidr === null ? [] : ['--pod-cidr', podCidr]),
      '--pin-dir',
      pinDir,
      '--state-dir',
      join(stateDir, 'agent'),
      '--cni-socket',
      cniSocket,
      '--metrics',
      // The nodes share this machine's files, not its loopback.
      `unix:${metricsSocketOf(node)}`,
      ...(gateway ? ['--gateway'] : []),
    ],
  };
}
