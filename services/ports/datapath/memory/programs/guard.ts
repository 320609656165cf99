/**
 * The source guard at a pod's interface: what carries a berthed pod's address that is not this
 * pod's is dropped, and so is what goes to a protected destination from any foreign address.
 */
import { ABI } from '../../tables/layout.gen.ts';
import type { Lookup } from './lookup.ts';
import type { Packet } from './packet.ts';
import { guardSet, policyAnswer } from './policy.ts';
import { type Result, UNTOUCHED } from './result.ts';

const GUARD_SETS = [ABI.SET_UNKNOWN, ABI.SET_SELECTED, ABI.SET_EVERY];

export function guard(lookup: Lookup, ifindex: number, packet: Packet): Result {
  const own = lookup.interfacePod(ifindex);
  if (own === null) return UNTOUCHED;
  if (packet.kind === 'ipv6') return guardIpv6(lookup, own, packet);
  if (packet.src === own) return UNTOUCHED;
  const borrowed = lookup.pod(packet.src);
  if (borrowed !== null && borrowed.ip !== packet.src) return { reason: 'CHANGED' };
  if (borrowed?.berths.some(({ mapped }) => mapped)) return { reason: 'SPOOFED' };
  const answers = GUARD_SETS.map((set) => policyAnswer(lookup, set, packet, 'dst'));
  if (answers.includes('enforced')) return { reason: 'SPOOFED' };
  // What has a pod's address is seen, and counted, at the uplink as well.
  const isPod = borrowed !== null || lookup.isLocalPod(packet.src);
  return answers.includes('observed') && !isPod ? { reason: 'WOULD_REJECT' } : UNTOUCHED;
}

/** It cannot be translated yet; the pod's IPv4 address tells what is guarded. */
function guardIpv6(lookup: Lookup, own: string, packet: Packet): Result {
  const pod = lookup.pod(own);
  if (pod !== null && pod.ip !== own) return { reason: 'CHANGED' };
  const answer = policyAnswer(lookup, guardSet(pod), packet, 'dst');
  if (answer === 'not covered') return UNTOUCHED;
  return { reason: answer === 'observed' ? 'WOULD_REJECT' : 'IPV6_OUT' };
}
