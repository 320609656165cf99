/**
 * The live picture of an installation, folded from the log: pods and their berths, what waits and
 * why, what nodes have acked, how long changes take. Read by people (`berth up`'s socket, the
 * demo); nothing decides by it.
 */
import { type Conflict, conflictsOf } from '../aggregates/namespace/conflicts.ts';
import { exhaustedPods, waitsFor } from '../aggregates/namespace/exhausted.ts';
import { egressNatsOf, isMappable } from '../aggregates/namespace/selection.ts';
import type { EgressNatState, NamespaceState, PodState } from '../aggregates/namespace/state.ts';
import { createWorld, type SavedWorld, type World } from '../aggregates/world.ts';
import { berthError, describeError } from '../contract/errors.ts';
import {
  aggregateKind,
  aggregateName,
  type NodeName,
  type TargetName,
} from '../contract/identity.ts';
import type { PassedOver } from '../contract/logged-event.ts';
import type { AckRecord } from '../contract/node-records.ts';
import type { LoggedEvent } from '../contract/records.ts';
import { isAtLeast } from '../contract/version.ts';
import { createCountedSince } from './counted-since.ts';
import { createPropagation } from './propagation.ts';
import { fenceStatuses, restStatuses } from './rests.ts';
import type {
  BerthStatus,
  Condition,
  EgressNatStatus,
  LogStatus,
  NodeAckStatus,
} from './status.ts';
import { targetStatus } from './target-statuses.ts';

export interface Picture {
  /** Both answer how long pods took that are, as of this record, known to be mapped: ms. */
  event(event: LoggedEvent | PassedOver): number[];
  ack(ack: AckRecord): number[];
  readonly world: World;
  /** When an entry of the target was last confirmed, or found to be gone: the log's time. */
  readonly lastSuccesses: ReadonlyMap<TargetName, number>;
  /** What adds up over time is counted from `sinceMs` on. */
  status(sinceMs: number): LogStatus;
}

/** `saved`: where the history begins, when it does not begin at its first record any more. */
export function createPicture(saved?: SavedWorld): Picture {
  const world = createWorld(saved);
  const propagation = createPropagation();
  const nodes = new Map<NodeName, NodeAckStatus>();
  const recordsSent = createCountedSince();
  const fencedSinceMs = new Map<NodeName, number>();
  const lastSuccesses = new Map<TargetName, number>();
  let policyChanges = 0;

  function event(logged: LoggedEvent | PassedOver): number[] {
    const { ignored, specification } = world.apply(logged);
    if (logged.record === null) return [];
    const { aggregate, body } = logged.record;
    if (specification) policyChanges += 1;
    if (ignored !== null) return [];
    if (body.type === 'FenceBooked') fencedSinceMs.set(body.node, logged.timeMs);
    if (body.type === 'Decision' && aggregateKind(aggregate) === 'target') {
      lastSuccesses.set(aggregateName(aggregate), logged.timeMs);
    }
    if (body.type !== 'PodObserved' || body.pod.node === null) return [];
    return durations(propagation.bound(body.pod.uid, logged.timeMs));
  }

  function ack(record: AckRecord): number[] {
    const { node, bootId, version, checksum, readBackAtMs } = record;
    recordsSent.add(readBackAtMs, record.recordsSent);
    const known = nodes.get(node);
    // Of two hubs, the one that the node left may append last.
    const isOld = known?.bootId === bootId && !isAtLeast(version, known.version);
    if (!isOld) nodes.set(node, { node, bootId, version, checksum, readBackAtMs });
    return record.mapped.flatMap((pod) => durations(propagation.mapped(pod, readBackAtMs)));
  }

  function status(sinceMs: number): LogStatus {
    const all = [...world.aggregates()];
    const states = all.filter((state) => state.kind === 'namespace');
    const targets = all.filter((state) => state.kind === 'target');
    return {
      version: world.version,
      pods: podCounts(states),
      egressNats: states.flatMap((state) => egressNatStatuses(world, state)),
      targets: targets.flatMap((state) => targetStatus(state) ?? []),
      policyChanges,
      resting: states.reduce((sum, state) => sum + state.releases.size, 0),
      rests: restStatuses(states),
      fences: fenceStatuses(world, fencedSinceMs),
      berths: states.flatMap(berthStatuses),
      acks: [...nodes.values()],
      propagationMs: propagation.quantiles(sinceMs),
      recordsSent: recordsSent.since(sinceMs),
    };
  }

  return { event, ack, status, world, lastSuccesses };
}

function durations(ms: number | null): number[] {
  return ms === null ? [] : [ms];
}

function podCounts(states: readonly NamespaceState[]): LogStatus['pods'] {
  const counts = { present: 0, selected: 0, mapped: 0, exhausted: 0, hostNetwork: 0 };
  for (const state of states) {
    for (const pod of state.pods.values()) {
      if (!pod.present) continue;
      counts.present += 1;
      if (pod.facts.hostNetwork) counts.hostNetwork += 1;
      if (egressNatsOf(state, pod.facts).length > 0) counts.selected += 1;
      if (pod.berths.size > 0) counts.mapped += 1;
    }
    for (const egressNat of state.egressNats.values()) {
      counts.exhausted += exhaustedPods(state, egressNat).length;
    }
  }
  return counts;
}

function egressNatStatuses(world: World, state: NamespaceState): EgressNatStatus[] {
  const conflicts = conflictsOf(
    state,
    (target) => world.target(target)?.spec?.destinations.cidrs ?? [],
  );
  const pods = [...state.pods.values()].filter((pod) => pod.present && isMappable(pod.facts));
  return [...state.egressNats.values()].map((egressNat) => {
    const { name } = egressNat.facts;
    const exhausted = exhaustedPods(state, egressNat);
    const claims = [...state.claims.values()].filter((claim) => claim.egressNat === name);
    return {
      namespace: aggregateName(state.key),
      name,
      addresses: claims.flatMap((claim) => claim.grant?.address ?? []),
      pods: {
        matched: pods.filter((pod) => isSelectedBy(state, pod, name)).length,
        mapped: pods.filter((pod) => pod.berths.has(name)).length,
      },
      waitsFor: waitsFor(state, egressNat),
      conditions: conditionsOf(egressNat, exhausted.length, conflicts),
      exhausted: exhausted.map((uid) => state.pods.get(uid)?.facts.name ?? uid),
    };
  });
}

function conditionsOf(
  egressNat: EgressNatState,
  exhausted: number,
  conflicts: readonly Conflict[],
): Condition[] {
  const { name } = egressNat.facts;
  const conditions: Condition[] = [];
  if (exhausted > 0) {
    const error = berthError('BERTH_POOL_EXHAUSTED', { egressNat: name, pods: exhausted });
    conditions.push({ type: 'Exhausted', code: error.code, message: describeError(error) });
  }
  for (const { pod, older, younger } of conflicts) {
    if (older !== name && younger !== name) continue;
    const error = berthError('BERTH_NAT_CONFLICT', { pod, first: older, second: younger });
    conditions.push({ type: 'Conflict', code: error.code, message: describeError(error) });
  }
  return conditions;
}

function isSelectedBy(state: NamespaceState, pod: PodState, name: string): boolean {
  return egressNatsOf(state, pod.facts).some((egressNat) => egressNat.facts.name === name);
}

function berthStatuses(state: NamespaceState): BerthStatus[] {
  return [...state.pods.values()].flatMap((pod) =>
    [...pod.berths.values()].flatMap((berth) => {
      const grant = state.claims.get(berth.claim)?.grant;
      if (grant == null) return [];
      const { base, node, egressNat } = berth;
      const { blockSize } = grant.geometry;
      return [
        {
          namespace: aggregateName(state.key),
          pod: pod.facts.name,
          uid: pod.facts.uid,
          egressNat,
          node,
          address: grant.address,
          base,
          blockSize,
        },
      ];
    }),
  );
}
