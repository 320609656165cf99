/**
 * EgressNats that quarrel: two select one pod, and their destinations overlap. The pod is mapped
 * all the same, by the older of the two where they do; people must know, since what the younger
 * one says of these destinations is not in force.
 */
import { type Cidr, cidrCovers } from '../../contract/cidr.ts';
import type { EgressNatName, TargetName } from '../../contract/identity.ts';
import { egressNatsOf } from './selection.ts';
import type { EgressNatState, NamespaceState } from './state.ts';

export interface Conflict {
  /** Some pod that both select. */
  readonly pod: string;
  readonly older: EgressNatName;
  readonly younger: EgressNatName;
}

/** One for each pair; `cidrsOf` answers the CIDRs of a target, none where there is no such. */
export function conflictsOf(
  state: NamespaceState,
  cidrsOf: (target: TargetName) => readonly Cidr[],
): Conflict[] {
  const found = new Map<string, Conflict>();
  for (const pod of state.pods.values()) {
    if (!pod.present) continue;
    const egressNats = egressNatsOf(state, pod.facts);
    for (const [at, younger] of egressNats.entries()) {
      for (const older of egressNats.slice(0, at)) {
        const pair = { older: older.facts.name, younger: younger.facts.name };
        const key = `${pair.older}/${pair.younger}`;
        if (found.has(key) || !overlap(older, younger, cidrsOf)) continue;
        found.set(key, { pod: pod.facts.name, ...pair });
      }
    }
  }
  return [...found.values()];
}

function overlap(
  a: EgressNatState,
  b: EgressNatState,
  cidrsOf: (target: TargetName) => readonly Cidr[],
): boolean {
  const [cidrsA, cidrsB] = [a, b].map(({ facts: { spec } }) => [
    ...spec.targets.flatMap(cidrsOf),
    ...spec.inline.flatMap(({ cidrs }) => cidrs),
  ]);
  return (cidrsA ?? []).some((one) =>
    (cidrsB ?? []).some((other) => cidrCovers(one, other) || cidrCovers(other, one)),
  );
}
