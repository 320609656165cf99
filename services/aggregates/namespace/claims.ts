/**
 * What can be said of the addresses that a namespace holds: which are current, admitted, usable,
 * and whether an EgressNat needs another one.
 */
import type { EgressNatName, TargetName } from '../../contract/identity.ts';
import type { Claim, EgressNatState, NamespaceState } from './state.ts';

export function claimsOf(state: NamespaceState, egressNat: EgressNatName): Claim[] {
  return [...state.claims.values()].filter((claim) => claim.egressNat === egressNat);
}

/** Asked of the pool that the EgressNat names today, and not taken away. */
export function isCurrent(egressNat: EgressNatState, claim: Claim): boolean {
  return claim.pool === egressNat.facts.spec.pool && !claim.withdrawn;
}

/** Every target of the EgressNat has confirmed the address in its ACL. */
export function isAdmitted(egressNat: EgressNatState, claim: Claim): boolean {
  return claim.grant !== null && egressNat.facts.spec.targets.every((t) => isConfirmed(claim, t));
}

export function isConfirmed(claim: Claim, target: TargetName): boolean {
  const joined = claim.targets.get(target);
  const confirmed = claim.confirmed.get(target);
  if (joined === undefined || confirmed === undefined || claim.grant === null) return false;
  return confirmed.revision === joined && confirmed.address === claim.grant.address;
}

/** Blocks may be handed out from it now. */
export function isUsable(egressNat: EgressNatState, claim: Claim): boolean {
  return isCurrent(egressNat, claim) && isAdmitted(egressNat, claim);
}

/**
 * One more address is needed: below the minimum, or more pods wait than blocks are free or on
 * their way; never more than the maximum, and one ask at a time.
 */
export function needsClaim(state: NamespaceState, egressNat: EgressNatState): boolean {
  const { name, spec } = egressNat.facts;
  const current = claimsOf(state, name).filter((claim) => isCurrent(egressNat, claim));
  if (current.length >= spec.addresses.max) return false;
  if (current.some((claim) => claim.grant === null)) return false;
  if (current.length < spec.addresses.min) return true;
  const free = current.reduce((sum, claim) => sum + claim.free.size, 0);
  return (state.waiting.get(name)?.size ?? 0) > free;
}

/** Nothing of it is in use or rests, and the EgressNat does not want it any more. */
export function mayReturn(state: NamespaceState, claim: Claim): boolean {
  if (claim.used.size > 0) return false;
  const egressNat = state.egressNats.get(claim.egressNat);
  if (egressNat === undefined || !isCurrent(egressNat, claim)) return true;
  const current = claimsOf(state, claim.egressNat).filter((other) => isCurrent(egressNat, other));
  return current.indexOf(claim) >= egressNat.facts.spec.addresses.max;
}

/** The pools know other targets or labels than the EgressNat and the namespace have now. */
export function needsUpdate(state: NamespaceState, claim: Claim): boolean {
  const egressNat = state.egressNats.get(claim.egressNat);
  if (egressNat === undefined) return false;
  const targets = new Set(egressNat.facts.spec.targets);
  const sameTargets =
    targets.size === claim.targets.size && [...targets].every((name) => claim.targets.has(name));
  return !sameTargets || !sameLabels(state.labels, claim.labels);
}

function sameLabels(a: NamespaceState['labels'], b: NamespaceState['labels']): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
