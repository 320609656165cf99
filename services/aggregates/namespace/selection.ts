/**
 * Which EgressNats speak for a pod, and in which order they are tried: oldest first by
 * creationTimestamp, then by name; those without one (manifests) by first append, after those
 * with one. At most four: a pod's entry in the kernel holds no more.
 */

import { selects } from '../../contract/label-selector.ts';
import type { PodFacts } from '../../contract/objects.ts';
import type { EgressNatState, NamespaceState } from './state.ts';

export const EGRESS_NATS_PER_POD_MAX = 4;

/** Whether the pod can have berths at all: it has an address of its own and may still send. */
export function isMappable(pod: PodFacts): boolean {
  return pod.node !== null && !pod.hostNetwork && !pod.finished;
}

/** The EgressNats that select the pod, in the order in which they are tried. */
export function egressNatsOf(state: NamespaceState, pod: PodFacts): EgressNatState[] {
  if (!isMappable(pod)) return [];
  const matching = [...state.egressNats.values()].filter((egressNat) =>
    selects(egressNat.facts.spec.podSelector, pod.labels),
  );
  return matching.sort(inOrderOfAge).slice(0, EGRESS_NATS_PER_POD_MAX);
}

function inOrderOfAge(a: EgressNatState, b: EgressNatState): number {
  const [createdA, createdB] = [a.facts.createdAt, b.facts.createdAt];
  if (createdA === null || createdB === null) {
    if (createdA !== createdB) return createdA === null ? 1 : -1;
    return a.order - b.order;
  }
  if (createdA !== createdB) return createdA < createdB ? -1 : 1;
  return a.facts.name < b.facts.name ? -1 : 1;
}
