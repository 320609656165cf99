/**
 * Where each pod is and what that takes: its resource on its node, the policy sets of its slots
 * there, and the blocks of its berths on the gateways. Remembers what it put for a pod, so that a
 * pod that changed is compared with itself alone.
 */

import { egressNatsOf, isMappable } from '../../aggregates/namespace/selection.ts';
import type {
  Berth,
  EgressNatState,
  NamespaceState,
  PodState,
} from '../../aggregates/namespace/state.ts';
import {
  type AggregateKey,
  aggregateName,
  type NodeName,
  type PodUid,
  type PoolName,
} from '../../contract/identity.ts';
import { createBlockHolders } from './block-holders.ts';
import type { Layer } from './node-sets.ts';
import { type Policies, policyName, targetsPolicyName } from './policies.ts';
import type { HashedResource } from './resource-set.ts';
import { blockResource, keys, type Place, podResource, type Slot } from './resources.ts';

export interface PodsInit {
  readonly own: (node: NodeName) => Layer;
  /** Where the blocks of a pool's addresses go. */
  readonly blocks: (pool: PoolName) => Layer;
  readonly policies: Policies;
}

export interface Pods {
  /** Looks again at a pod of the namespace, which may be gone. */
  look(state: NamespaceState, uid: PodUid): void;
  /** The nodes that have any. */
  nodes(): Iterable<NodeName>;
}

interface Placement {
  readonly node: NodeName | null;
  /** Policies of its slots, in order. */
  readonly policies: readonly string[];
  readonly blocks: ReadonlyMap<string, PoolName>;
}

interface PlacedPod extends Placement {
  readonly pod: HashedResource | null;
  readonly blockResources: readonly { readonly pool: PoolName; readonly block: HashedResource }[];
}

const NOWHERE: Placement = { node: null, policies: [], blocks: new Map() };

export function createPods({ own, blocks, policies }: PodsInit): Pods {
  const placements = new Map<string, Placement>();
  const counts = new Map<NodeName, number>();
  const holders = createBlockHolders(blocks);

  function count(node: NodeName | null, by: number): void {
    if (node === null) return;
    const sum = (counts.get(node) ?? 0) + by;
    if (sum === 0) counts.delete(node);
    else counts.set(node, sum);
  }

  function look(state: NamespaceState, uid: PodUid): void {
    const name = `${state.key} ${uid}`;
    const before = placements.get(name) ?? NOWHERE;
    const after = placed(state, state.pods.get(uid));
    // What is new comes first, so that what stays is never taken away in between.
    const { node, pod, blockResources } = after;
    if (node !== null && pod !== null) {
      own(node).put(pod);
      for (const policy of after.policies) policies.use(policy, node);
    }
    for (const { pool, block } of blockResources) holders.put(name, pool, block);
    if (before.node !== null) {
      if (before.node !== node) own(before.node).remove(keys.pod(uid));
      for (const policy of before.policies) policies.leave(policy, before.node);
    }
    for (const [key, pool] of before.blocks) {
      if (after.blocks.get(key) !== pool) holders.remove(name, pool, key);
    }
    count(node, 1);
    count(before.node, -1);
    if (node === null && after.blocks.size === 0) placements.delete(name);
    else placements.set(name, { node, policies: after.policies, blocks: after.blocks });
  }

  return { look, nodes: () => counts.keys() };
}

function placed(state: NamespaceState, pod: PodState | undefined): PlacedPod {
  if (pod === undefined) return { ...NOWHERE, pod: null, blockResources: [] };
  const blockResources = [...pod.berths.values()].flatMap((berth) => blockOf(state, berth));
  const blocks = new Map(blockResources.map(({ block, pool }) => [block.key, pool]));
  const { facts, present } = pod;
  if (!present || !isMappable(facts)) {
    return { node: null, policies: [], blocks, pod: null, blockResources };
  }
  const selecting = egressNatsOf(state, facts);
  const slots = selecting.flatMap((egressNat) => slotOf(state, pod, egressNat));
  return {
    node: facts.node,
    policies: slots.map(({ policy }) => policy),
    blocks,
    pod: podResource(namespaceOf(state.key), facts, selecting.length > 0, slots),
    blockResources,
  };
}

/**
 * Without a berth, what the EgressNat covers is rejected, but for inline destinations that may
 * pass unmapped. A berth on another node is one that the pod has still to let go of.
 */
function slotOf(state: NamespaceState, pod: PodState, egressNat: EgressNatState): Slot[] {
  const { name, spec } = egressNat.facts;
  const namespace = namespaceOf(state.key);
  const berth = pod.berths.get(name);
  const place = berth?.node === pod.facts.node ? placeOf(state, berth) : null;
  const mayPass = spec.onUnmapped === 'Pass' && spec.inline.length > 0;
  if (place !== null || !mayPass) return [{ policy: policyName(namespace, name), place }];
  if (spec.targets.length === 0) return [];
  return [{ policy: targetsPolicyName(namespace, name), place: null }];
}

function blockOf(
  state: NamespaceState,
  berth: Berth,
): { readonly pool: PoolName; readonly block: HashedResource }[] {
  const claim = state.claims.get(berth.claim);
  const place = placeOf(state, berth);
  if (claim === undefined || place === null) return [];
  return [{ pool: claim.pool, block: blockResource(place, berth.node) }];
}

function placeOf(state: NamespaceState, berth: Berth | undefined): Place | null {
  const grant = berth === undefined ? undefined : state.claims.get(berth.claim)?.grant;
  if (berth === undefined || grant === undefined || grant === null) return null;
  const { address, geometry } = grant;
  return { address, base: berth.base, blockSize: geometry.blockSize };
}

function namespaceOf(key: AggregateKey): string {
  return aggregateName(key);
}
