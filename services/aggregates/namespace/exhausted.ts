/**
 * Which pods cannot get a block, read from what is open: they wait, nothing is free, and no
 * further address may be claimed or the pool has not answered. Such a pod is fail-closed; the
 * others of its EgressNat are untouched.
 */
import type { PodUid } from '../../contract/identity.ts';
import { claimsOf, isAdmitted, isCurrent } from './claims.ts';
import type { EgressNatState, NamespaceState } from './state.ts';

export type WaitsFor = 'address' | 'admission' | 'block';

/** Why the EgressNat's waiting pods wait; null when none does. */
export function waitsFor(state: NamespaceState, egressNat: EgressNatState): WaitsFor | null {
  const { name } = egressNat.facts;
  if ((state.waiting.get(name)?.size ?? 0) === 0) return null;
  const current = claimsOf(state, name).filter((claim) => isCurrent(egressNat, claim));
  const granted = current.filter((claim) => claim.grant !== null);
  if (granted.some((claim) => claim.free.size > 0 && !isAdmitted(egressNat, claim))) {
    return 'admission';
  }
  return current.length > granted.length || granted.length === 0 ? 'address' : 'block';
}

/** Pods that have no block although every address that may be had is in use. */
export function exhaustedPods(state: NamespaceState, egressNat: EgressNatState): PodUid[] {
  const why = waitsFor(state, egressNat);
  if (why !== 'block') return [];
  return [...(state.waiting.get(egressNat.facts.name) ?? [])];
}
