/**
 * What every node shall have, as a projection of the fold and of the latest node records: a
 * record costs what it touched, not what there is. Made once the fold has read to the end; from
 * then on each record is shown to it after the fold took it, and `settle` gives what changed.
 */
import type { Effects } from '../../aggregates/effects.ts';
import type { NamespaceState } from '../../aggregates/namespace/state.ts';
import type { PoolsState } from '../../aggregates/pools/state.ts';
import type { AggregateState, World } from '../../aggregates/world.ts';
import { aggregateName, type NodeName, type PoolName } from '../../contract/identity.ts';
import type { NodeRecord } from '../../contract/node-records.ts';
import type { LabelSelector } from '../../contract/objects.ts';
import type { ClaimId, LoggedEvent } from '../../contract/records.ts';
import type { NodeChange, NodeSet } from './node-sets.ts';
import { createPods } from './pods.ts';
import { createPolicies } from './policies.ts';
import { createSteering } from './steering.ts';

export interface Views {
  /** After the fold took it. */
  event(event: LoggedEvent, effects: Effects): void;
  nodeRecord(record: NodeRecord): void;
  /** Ends a batch: what changed since the last call, by node. */
  settle(): ReadonlyMap<NodeName, NodeChange>;
  node(node: NodeName): NodeSet;
  gateways(): readonly NodeName[];
  nodesWithPods(): Iterable<NodeName>;
}

type Touched = Pick<Effects, 'pods' | 'egressNats' | 'claims' | 'specification'>;

export function createViews(world: World, nodeRecords: Iterable<NodeRecord>): Views {
  const steering = createSteering();
  const { sets, everywhere } = steering;
  const policies = createPolicies({ guards: everywhere, own: sets.own });
  const pods = createPods({ own: sets.own, blocks: steering.blocks, policies });

  function show(state: AggregateState, touched: Touched): void {
    switch (state.kind) {
      case 'namespace':
        showNamespace(state, touched);
        return;
      case 'pools':
        if (touched.specification) steering.setPools(selectorsOf(state));
        showClaims(state, touched.claims);
        return;
      case 'target':
        if (!touched.specification) return;
        policies.setTarget(aggregateName(state.key), state.spec);
        return;
      case 'fences':
      case 'log':
        // Of no concern to kernels: what a fence frees comes by the namespaces.
        return;
    }
  }

  function showNamespace(state: NamespaceState, touched: Touched): void {
    for (const name of touched.egressNats) {
      policies.setEgressNat(aggregateName(state.key), name, state.egressNats.get(name)?.facts);
    }
    showClaims(state, touched.claims);
    for (const uid of touched.pods) pods.look(state, uid);
  }

  function showClaims(state: NamespaceState | PoolsState, claims: Iterable<ClaimId>): void {
    for (const id of claims) steering.setClaim(state.key, id, state.claims.get(id));
  }

  for (const record of nodeRecords) steering.nodeRecord(record);
  for (const state of world.aggregates()) show(state, everythingIn(state));
  return {
    event: ({ record }, effects) => {
      const state = world.aggregate(record.aggregate);
      if (effects.ignored === null && state !== undefined) show(state, effects);
    },
    nodeRecord: steering.nodeRecord,
    settle: () => {
      policies.settle();
      return sets.takeChanges();
    },
    node: sets.node,
    gateways: steering.gateways.all,
    nodesWithPods: pods.nodes,
  };
}

function selectorsOf({ pools }: PoolsState): Map<PoolName, LabelSelector | null> {
  return new Map([...pools].map(([name, { spec }]) => [name, spec.gatewaySelector]));
}

function everythingIn(state: AggregateState): Touched {
  const none = {
    pods: new Set<string>(),
    egressNats: new Set<string>(),
    claims: new Set<string>(),
  };
  const specification = true;
  switch (state.kind) {
    case 'namespace':
      return {
        pods: new Set(state.pods.keys()),
        egressNats: new Set(state.egressNats.keys()),
        claims: new Set(state.claims.keys()),
        specification,
      };
    case 'pools':
      return { ...none, claims: new Set(state.claims.keys()), specification };
    case 'target':
    case 'fences':
    case 'log':
      return { ...none, specification };
  }
}
