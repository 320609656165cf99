/**
 * What a recording needs to be played: the stage (nodes, gateways, targets, NAT addresses), and the
 * objects that its stream does not have itself. Pure.
 */
import { type Cidr, cidrCovers, cidrParts, parseCidr } from '../../services/contract/cidr.ts';
import { berthError } from '../../services/contract/errors.ts';
import { isV4 } from '../../services/contract/ip-address.ts';
import {
  suppliedAddresses,
  suppliedPolicies,
} from '../../services/ports/source/supplied-policies.ts';
import { type KubernetesObject, nodeObject } from './kubernetes-objects.ts';
import { recordedPod } from './recorded-pod.ts';
import type { ReadRecording, RecordedPolicies } from './recording.ts';
import type { Stage, StageInit, StageTarget } from './stage.ts';

const TARGETS = ['orders-db', 'ledger'];
const TARGETS_MAX = 16;
const NODES_MAX = 100;
const GATEWAYS = ['gw1', 'gw2'];
const NAT_NETWORK = parseCidr('203.0.113.0/24');
/** The lab has these for itself; a target of the stream cannot have them there. */
const TAKEN = ['10.77.0.0/24', '10.244.0.0/16', '198.18.0.10/32', NAT_NETWORK].map(parseCidr);
const QUARANTINE_SECONDS = 20;
/** A block rests longer than its quarantine: until its node's ack and its Tick are there. */
const REST_MS = (QUARANTINE_SECONDS + 10) * 1000;

/** @throws BERTH_CONFIG_BAD when no stage can be made for it */
export function stageOfRecording(
  recording: ReadRecording,
  { speed, datapath }: { readonly speed: number; readonly datapath: Stage['datapath'] },
): StageInit {
  const { nodes, policies } = recording;
  if (nodes.length > NODES_MAX) {
    throw unplayable(`it has ${nodes.length} nodes, the demo at most ${NODES_MAX}`);
  }
  const gateways = policies?.gateways ?? [];
  const stage = {
    nodes: nodes.filter((name) => !gateways.includes(name)),
    gateways: gateways.length > 0 ? gateways : GATEWAYS.map((name) => freeName(name, nodes)),
  };
  if (policies === null) {
    const [addresses] = suppliedAddresses({ namespaces: podsAtATime(recording, speed) });
    const targets = TARGETS.map((name) => ({ name: freeName(name, nodes) }));
    return { ...stage, targets, natCidr: parseCidr(addresses ?? NAT_NETWORK) };
  }
  const strange = policies.pools.flatMap(({ spec }) => spec.addresses).find(isElsewhere);
  if (strange !== undefined && datapath === 'kernel') {
    throw unplayable(`${strange} is not in ${NAT_NETWORK}; only --datapath memory can play it`);
  }
  return { ...stage, targets: playableTargets(policies), natCidr: NAT_NETWORK };
}

/** The stage's own gateways, and the policies where the stream has none. */
export function suppliedObjects(
  recording: ReadRecording,
  stage: Stage,
  speed: number,
): readonly KubernetesObject[] {
  const { nodes, policies } = recording;
  const gateways = stage.nodes
    .filter((node) => node.gateway && !nodes.includes(node.name))
    .map(({ name, address }) => nodeObject(name, address, true));
  if (policies !== null) {
    const labels = policies.gatewayLabels;
    return gateways.map((node) => ({
      ...node,
      metadata: { ...(node['metadata'] as object), labels },
    }));
  }
  const supplied = suppliedPolicies({
    namespaces: podsAtATime(recording, speed),
    addresses: stage.natCidrs,
    targets: stage.targets,
    quarantineSeconds: QUARANTINE_SECONDS,
  });
  return [...gateways, ...supplied];
}

/** Namespace to the most pods that hold a block there at a time, resting blocks counted. */
export function podsAtATime(recording: ReadRecording, speed: number): ReadonlyMap<string, number> {
  const restMs = REST_MS * speed;
  const counts = new Map(recording.namespacesWithPods.map((name) => [name, { now: 0, most: 0 }]));
  const holders = new Set<string>();
  const leaving: { readonly atMs: number; readonly namespace: string }[] = [];
  for (const { atMs, says } of recording.lines) {
    while (leaving[0] !== undefined && leaving[0].atMs + restMs < atMs) {
      const count = counts.get(leaving.shift()?.namespace ?? '');
      if (count !== undefined) count.now -= 1;
    }
    const pod = recordedPod(says);
    if (pod === null) continue;
    const { uid, namespace } = pod;
    const count = counts.get(namespace);
    if (pod.is !== 'present') {
      if (holders.delete(uid)) leaving.push({ atMs, namespace });
    } else if (pod.node !== null && !pod.hostNetwork && !holders.has(uid) && count !== undefined) {
      holders.add(uid);
      count.now += 1;
      count.most = Math.max(count.most, count.now);
    }
  }
  return new Map([...counts].map(([name, { most }]) => [name, most]));
}

/** IPv4, each address under one target, none that the lab has for itself; ports are all or none. */
function playableTargets({ targets }: RecordedPolicies): readonly StageTarget[] {
  const taken: Cidr[] = [...TAKEN];
  const playable: StageTarget[] = [];
  for (const { name, spec } of targets) {
    const { cidrs, except, ports } = spec.destinations;
    if (except.length > 0 || ports.length > 0 || playable.length === TARGETS_MAX) continue;
    const free = cidrs.filter((cidr) => isV4(cidrParts(cidr).address) && !meets(cidr, taken));
    taken.push(...free);
    if (free.length > 0) playable.push({ name, cidrs: free });
  }
  return playable;
}

function meets(cidr: Cidr, others: readonly Cidr[]): boolean {
  return others.some((other) => cidrCovers(other, cidr) || cidrCovers(cidr, other));
}

function isElsewhere(cidr: Cidr): boolean {
  return !cidrCovers(NAT_NETWORK, cidr);
}

function freeName(wanted: string, taken: readonly string[]): string {
  return taken.includes(wanted) ? freeName(`${wanted}-demo`, taken) : wanted;
}

function unplayable(reason: string): Error {
  return berthError('BERTH_CONFIG_BAD', { field: 'recording', reason });
}
