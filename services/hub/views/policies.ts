/**
 * The policy sets: one for each EgressNat, on the nodes that have a pod of it, and three guards,
 * on every node. Nothing is compiled at once: a change marks what it concerns, and `settle`
 * compiles each marked set once, however many records of a batch touched it.
 *
 * Guards, looked at only where no slot of the pod covers a destination: `unknown`, for pods that
 * the node does not know (yet): every AclTarget, and what EgressNats name inline unless it may pass
 * unmapped. `selected`, for known pods that an EgressNat selects: every AclTarget. `every`, for all
 * other known pods: AclTargets whose enforcement is `All`. An AclTarget that is only observed is
 * said as such in each: what would be rejected there is counted, and passes.
 */
import type {
  EgressNatName,
  NamespaceName,
  NodeName,
  TargetName,
} from '../../contract/identity.ts';
import type { AclTargetSpec, EgressNatFacts, EgressNatSpec } from '../../contract/objects.ts';
import type { Layer } from './node-sets.ts';
import { type Covered, compilePolicySet } from './policy-set.ts';
import type { HashedResource } from './resource-set.ts';
import { keys, policyResource } from './resources.ts';

export interface PoliciesInit {
  /** Where the guards go. */
  readonly guards: Layer;
  readonly own: (node: NodeName) => Layer;
}

type Enforced = Pick<AclTargetSpec, 'destinations' | 'enforcement'>;

export interface Policies {
  setEgressNat(
    namespace: NamespaceName,
    name: EgressNatName,
    facts: EgressNatFacts | undefined,
  ): void;
  setTarget(name: TargetName, spec: Enforced | null): void;
  /** A pod of the node has a slot with this policy. */
  use(policy: string, node: NodeName): void;
  /** One pod fewer. */
  leave(policy: string, node: NodeName): void;
  /** Compiles what was touched and puts it where it is used. */
  settle(): void;
}

const GUARD_UNKNOWN = 'unknown';
const GUARD_SELECTED = 'selected';
const GUARD_EVERY = 'every';
/** No EgressNat is named so: names have no slash. */
const TARGETS_ONLY = '/targets';

/** The whole policy set of an EgressNat. */
export function policyName(namespace: NamespaceName, egressNat: EgressNatName): string {
  return `${namespace}/${egressNat}`;
}

/** Only its AclTargets: for pods without a berth whose inline destinations may pass. */
export function targetsPolicyName(namespace: NamespaceName, egressNat: EgressNatName): string {
  return `${policyName(namespace, egressNat)}${TARGETS_ONLY}`;
}

export function createPolicies({ guards, own }: PoliciesInit): Policies {
  const sources = createSources();
  const users = createUsers();
  const compiled = new Map<string, HashedResource>();
  const stale = new Set<string>();
  let guardsAreStale = true;

  function touch(names: Iterable<string>): void {
    for (const name of names) stale.add(name).add(name + TARGETS_ONLY);
    guardsAreStale = true;
  }

  function compile(policy: string): void {
    const nodes = users.of(policy);
    if (nodes.length === 0) {
      compiled.delete(policy);
      return;
    }
    const resource = policyResource(policy, compilePolicySet(sources.destinationsOf(policy)));
    compiled.set(policy, resource);
    for (const node of nodes) own(node).put(resource);
  }

  return {
    setEgressNat: (namespace, egressNat, facts) => {
      const name = policyName(namespace, egressNat);
      sources.setEgressNat(name, facts?.spec);
      touch([name]);
    },
    setTarget: (name, spec) => {
      sources.setTarget(name, spec);
      touch(sources.naming(name));
    },
    use: (policy, node) => {
      if (!users.add(policy, node)) return;
      const resource = compiled.get(policy);
      if (resource === undefined) stale.add(policy);
      else own(node).put(resource);
    },
    leave: (policy, node) => {
      if (!users.remove(policy, node)) return;
      own(node).remove(keys.policy(policy));
      if (users.of(policy).length === 0) compiled.delete(policy);
    },
    settle: () => {
      for (const policy of stale) compile(policy);
      stale.clear();
      if (!guardsAreStale) return;
      guardsAreStale = false;
      guards.put(policyResource(GUARD_UNKNOWN, compilePolicySet(sources.heldForUnknown())));
      guards.put(policyResource(GUARD_SELECTED, compilePolicySet(sources.targets())));
      guards.put(policyResource(GUARD_EVERY, compilePolicySet(sources.closedToAll())));
    },
  };
}

interface Sources {
  setEgressNat(name: string, spec: EgressNatSpec | undefined): void;
  setTarget(name: TargetName, spec: Enforced | null): void;
  /** The EgressNats that name a target. */
  naming(target: TargetName): Iterable<string>;
  destinationsOf(policy: string): Covered[];
  targets(): Covered[];
  closedToAll(): Covered[];
  heldForUnknown(): Covered[];
}

function createSources(): Sources {
  const egressNats = new Map<string, EgressNatSpec>();
  const targets = new Map<TargetName, Enforced>();
  const namedBy = new Map<TargetName, Set<string>>();

  return {
    setEgressNat: (name, spec) => {
      for (const target of egressNats.get(name)?.targets ?? []) namedBy.get(target)?.delete(name);
      egressNats.delete(name);
      if (spec === undefined) return;
      egressNats.set(name, spec);
      for (const target of spec.targets) {
        namedBy.set(target, (namedBy.get(target) ?? new Set()).add(name));
      }
    },
    setTarget: (name, spec) => {
      if (spec === null) targets.delete(name);
      else targets.set(name, spec);
    },
    naming: (target) => namedBy.get(target) ?? [],
    destinationsOf: (policy) => {
      const targetsOnly = policy.endsWith(TARGETS_ONLY);
      const spec = egressNats.get(targetsOnly ? policy.slice(0, -TARGETS_ONLY.length) : policy);
      if (spec === undefined) return [];
      const named = spec.targets.flatMap((target) => covered(targets.get(target)));
      return targetsOnly ? named : [...named, ...inlineOf(spec)];
    },
    targets: () => [...targets.values()].flatMap(covered),
    closedToAll: () =>
      [...targets.values()].filter(({ enforcement }) => enforcement === 'All').flatMap(covered),
    heldForUnknown: () => [
      ...[...targets.values()].flatMap(covered),
      ...[...egressNats.values()]
        .filter(({ onUnmapped }) => onUnmapped === 'Drop')
        .flatMap(inlineOf),
    ],
  };
}

function covered(target: Enforced | undefined): Covered[] {
  if (target === undefined) return [];
  return [{ ...target.destinations, observe: target.enforcement === 'Observe' }];
}

function inlineOf({ inline }: EgressNatSpec): Covered[] {
  return inline.map((destinations) => ({ ...destinations, observe: false }));
}

interface Users {
  /** True for the first pod of a node. */
  add(policy: string, node: NodeName): boolean;
  /** True for the last one. */
  remove(policy: string, node: NodeName): boolean;
  of(policy: string): readonly NodeName[];
}

function createUsers(): Users {
  const pods = new Map<string, Map<NodeName, number>>();
  return {
    add: (policy, node) => {
      const counts = pods.get(policy) ?? new Map<NodeName, number>();
      pods.set(policy, counts);
      const count = counts.get(node) ?? 0;
      counts.set(node, count + 1);
      return count === 0;
    },
    remove: (policy, node) => {
      const counts = pods.get(policy);
      const count = (counts?.get(node) ?? 0) - 1;
      if (count > 0) counts?.set(node, count);
      else counts?.delete(node);
      if (counts?.size === 0) pods.delete(policy);
      return count <= 0;
    },
    of: (policy) => [...(pods.get(policy)?.keys() ?? [])],
  };
}
