/**
 * What arrives for a NAT address, on the pod's node: back to the pod of its block, or dropped. It
 * never reaches the stack as it is.
 */
import { ABI } from '../../tables/layout.gen.ts';
import type { ReasonName } from '../../tables/reasons.gen.ts';
import { inwardPort } from './flexible.ts';
import { quotedIn } from './icmp-error.ts';
import type { Lookup } from './lookup.ts';
import { type Packet, type PacketKind, TCP_ACK, TCP_SYN } from './packet.ts';
import { policyAnswer } from './policy.ts';
import { type Result, UNTOUCHED } from './result.ts';
import { translated } from './translated.ts';

/** Why a packet can be for no block; the same on gateways. */
export const NOT_FOR_A_BLOCK: Readonly<Record<PacketKind, ReasonName | null>> = {
  ports: null,
  quoted: null,
  'quoted-echo': null,
  fragment: 'FRAGMENT_IN',
  'echo-reply': null,
  'echo-request': 'ICMP_IN',
  icmp: 'ICMP_IN',
  'no-ports': 'PROTOCOL_IN',
  ipv6: 'PROTOCOL_IN',
  'cut-off': 'MALFORMED',
};

export function inward(lookup: Lookup, frame: Uint8Array, arrived: Packet): Result {
  const packet = quotedIn(frame, arrived, false);
  const address = lookup.address(packet.dst);
  if (address === null) return UNTOUCHED;
  const refusal = NOT_FOR_A_BLOCK[packet.kind];
  if (refusal !== null) return { reason: refusal };
  const block = lookup.block(address, packet.dstPort);
  if (block === null || block.kind !== ABI.BLOCK_POD) return { reason: 'NO_BLOCK_HERE' };
  if (isBareSyn(packet)) return { reason: 'BARE_SYN' };
  const pod = lookup.pod(block.podIp);
  // Where the tables disagree about the block there is no way in.
  const berth = pod?.berths.find(
    ({ base, sizeLog2, mapped, natAddress }) =>
      base === block.base && sizeLog2 === address.sizeLog2 && mapped && natAddress === packet.dst,
  );
  if (berth === undefined) return { reason: 'NO_BLOCK_HERE' };
  if (policyAnswer(lookup, berth.policySet, packet, 'src') === 'not covered') {
    return { reason: 'NOT_IN_POLICY' };
  }
  if (pod?.ip !== block.podIp) return { reason: 'CHANGED' };
  const found = inwardPort(lookup, packet, berth);
  if ('reason' in found) return found;
  const end = { ip: block.podIp, port: found.port };
  return { reason: 'RETURNED', frame: translated(frame, packet, 'dst', end) };
}

/** It asks for a connection. */
function isBareSyn({ tcpFlags }: Packet): boolean {
  return (tcpFlags & TCP_SYN) !== 0 && (tcpFlags & TCP_ACK) === 0;
}
