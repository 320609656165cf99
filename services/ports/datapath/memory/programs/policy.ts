/**
 * What a policy set says of a remote end. A rule that enforces wins over all else that names the
 * same port. What cannot be told apart by a port is what the strictest rule of its address says: a
 * guard holds back too much rather than too little.
 */
import { ABI } from '../../tables/layout.gen.ts';
import type { Pod } from './entries.ts';
import type { Lookup } from './lookup.ts';
import type { Packet } from './packet.ts';

/** observed: what would be held back is counted, and passes. */
export type PolicyAnswer = 'not covered' | 'observed' | 'enforced';

const ANY_PROTOCOL = 0;

export function policyAnswer(
  lookup: Lookup,
  policySet: number,
  packet: Packet,
  end: 'src' | 'dst',
): PolicyAnswer {
  const policy = lookup.policy(policySet, packet[end]);
  if (policy === null || policy.isHole) return 'not covered';
  if (policy.rules.length === 0) return policy.isObserved ? 'observed' : 'enforced';
  const port = end === 'src' ? packet.srcPort : packet.dstPort;
  const named = policy.rules.filter(
    ({ protocol, from, to }) =>
      (packet.kind !== 'ports' && packet.kind !== 'quoted') ||
      ((protocol === ANY_PROTOCOL || protocol === packet.protocol) && from <= port && port <= to),
  );
  if (named.some(({ observed }) => !observed)) return 'enforced';
  return policy.isObserved || named.length > 0 ? 'observed' : 'not covered';
}

/** The guard that holds for a pod where no berth of it covers the destination; null: not known. */
export function guardSet(pod: Pod | null): number {
  if (pod === null) return ABI.SET_UNKNOWN;
  return pod.selected ? ABI.SET_SELECTED : ABI.SET_EVERY;
}
