/**
 * Who waits for what, and what could be given, found out from the facts of a namespace without
 * asking the code that decides.
 */

import type { NamespaceState } from '../../../services/aggregates/namespace/state.ts';
import { selects } from '../../../services/contract/label-selector.ts';

/** Pods and the EgressNats that select them, where they have no berth. */
export function openQuestions(state: NamespaceState): (readonly [string, string])[] {
  return [...state.pods.values()].flatMap(({ facts, berths, present }) => {
    if (!present || facts.node === null || facts.hostNetwork || facts.finished) return [];
    return [...state.egressNats.values()]
      .filter(({ facts: nat }) => selects(nat.spec.podSelector, facts.labels))
      .filter(({ facts: nat }) => !berths.has(nat.name))
      .map(({ facts: nat }) => [facts.uid, nat.name] as const);
  });
}

/** Blocks of addresses of the EgressNat's pool that all of its targets have confirmed. */
export function freeBlocks(state: NamespaceState, egressNat: string): string[] {
  const spec = state.egressNats.get(egressNat)?.facts.spec;
  if (spec === undefined) return [];
  return [...state.claims.values()].flatMap((claim) => {
    if (claim.egressNat !== egressNat || claim.pool !== spec.pool || claim.withdrawn) return [];
    if (claim.grant === null) return [];
    const { address } = claim.grant;
    const admitted = spec.targets.every((target) => {
      const { revision, address: confirmed } = claim.confirmed.get(target) ?? {};
      return revision === claim.targets.get(target) && confirmed === address;
    });
    return admitted ? [...claim.free].map((base) => `${address} ${base}`) : [];
  });
}
