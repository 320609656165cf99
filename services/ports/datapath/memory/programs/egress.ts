/**
 * What leaves by the uplink. A pod's packet to a destination that is covered leaves by the pod's
 * berth or is held back; all else passes untouched. Where a destination is only observed a packet
 * that would be held back is counted, and passes as well.
 */
import type { ReasonName } from '../../tables/reasons.gen.ts';
import type { Berth } from './entries.ts';
import { outwardPort } from './flexible.ts';
import { quotedIn } from './icmp-error.ts';
import type { Lookup } from './lookup.ts';
import type { Packet, PacketKind } from './packet.ts';
import { guardSet, policyAnswer } from './policy.ts';
import { type Finding, type Result, UNTOUCHED } from './result.ts';
import { translated } from './translated.ts';

const LEAVING: readonly PacketKind[] = ['ports', 'quoted', 'quoted-echo', 'echo-request'];
const ONLY_OBSERVED: Finding = { reason: 'WOULD_REJECT' };
const HELD_BACK: Readonly<Record<Exclude<PacketKind, 'ports'>, ReasonName>> = {
  fragment: 'FRAGMENT_OUT',
  'echo-request': 'ICMP_OUT',
  'echo-reply': 'ICMP_OUT',
  icmp: 'ICMP_OUT',
  quoted: 'ICMP_OUT',
  'quoted-echo': 'ICMP_OUT',
  'no-ports': 'PROTOCOL',
  'cut-off': 'MALFORMED',
  ipv6: 'IPV6_OUT',
};

export function egress(lookup: Lookup, frame: Uint8Array, sent: Packet): Result {
  const packet = quotedIn(frame, sent, true);
  const pod = lookup.pod(packet.src);
  if (pod === null && !lookup.isLocalPod(packet.src)) {
    return lookup.address(packet.src) === null ? UNTOUCHED : { reason: 'NAT_SOURCE' };
  }
  if (lookup.address(packet.dst) !== null) return { reason: 'HAIRPIN' };
  // The entry was replaced while it was read: nothing that it says is about this pod.
  if (pod !== null && pod.ip !== packet.src) return { reason: 'CHANGED' };
  for (const berth of pod?.berths ?? []) {
    const answer = policyAnswer(lookup, berth.policySet, packet, 'dst');
    if (answer === 'not covered') continue;
    const result = egressByBerth(lookup, frame, packet, berth);
    return answer === 'observed' && result.frame === undefined ? ONLY_OBSERVED : result;
  }
  const answer = policyAnswer(lookup, guardSet(pod), packet, 'dst');
  if (answer === 'not covered') return UNTOUCHED;
  if (answer === 'observed') return ONLY_OBSERVED;
  return heldBack(packet, pod === null ? 'UNKNOWN_POD' : 'NO_BERTH');
}

function egressByBerth(lookup: Lookup, frame: Uint8Array, packet: Packet, berth: Berth): Finding {
  const canLeave = LEAVING.includes(packet.kind);
  if (!canLeave || !berth.mapped) return heldBack(packet, 'NO_BERTH');
  const found = outwardPort(lookup, packet, berth);
  if ('reason' in found) return found;
  const end = { ip: berth.natAddress, port: found.port };
  return { reason: 'TRANSLATED', frame: translated(frame, packet, 'src', end) };
}

/** What has no ports is held back for that; else `otherwise`. */
function heldBack(packet: Packet, otherwise: ReasonName): Finding {
  return { reason: packet.kind === 'ports' ? otherwise : HELD_BACK[packet.kind] };
}
