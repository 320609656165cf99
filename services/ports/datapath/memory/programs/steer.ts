/**
 * A gateway's frames: NAT address and port lead to a block, and this to a node, to which the frame
 * goes on as it is. ARP for owned addresses is answered. What is for another MAC is not ours.
 */
import { ABI } from '../../tables/layout.gen.ts';
import { arpAnswer } from './arp.ts';
import { quotedIn } from './icmp-error.ts';
import { NOT_FOR_A_BLOCK } from './inward.ts';
import type { Lookup } from './lookup.ts';
import { ETHERNET_BYTES, type Packet, parsePacket, UDP } from './packet.ts';
import { type Result, UNTOUCHED } from './result.ts';
import { hexOf, u16 } from './wire.ts';

const BROADCAST = 'ffffffffffff';
const ETHERTYPE_ARP = 0x0806;
const MAC_BYTES = 6;

/** What struct berth_lease says (berth_abi.h), and what was heard. */
export interface ArpLease {
  mayAnswerArp(): boolean;
  /** 0: none. */
  heartbeatPort(): number;
  heartbeatSeen(): void;
}

export function steer(lookup: Lookup, lease: ArpLease, frame: Uint8Array): Result {
  if (frame.length < ETHERNET_BYTES) return UNTOUCHED;
  const to = hexOf(frame, 0, MAC_BYTES);
  const isOurs = to === hexOf(lookup.uplinkMac(), 0, MAC_BYTES);
  if (u16(frame, 12) === ETHERTYPE_ARP && (isOurs || to === BROADCAST)) {
    const answer = arpAnswer(lookup, frame);
    return answer === null || !lease.mayAnswerArp()
      ? UNTOUCHED
      : { reason: 'ARP_ANSWERED', frame: answer };
  }
  return isOurs ? steerOurs(lookup, lease, frame) : UNTOUCHED;
}

function steerOurs(lookup: Lookup, lease: ArpLease, frame: Uint8Array): Result {
  const parsed = parsePacket(frame);
  const packet = parsed === null ? null : quotedIn(frame, parsed, false);
  if (packet === null) return UNTOUCHED;
  const result = steerPacket(lookup, frame, packet);
  // It goes on to the stack, where the agent hears it.
  if (result === UNTOUCHED && isHeartbeat(lookup, lease, packet)) lease.heartbeatSeen();
  return result;
}

function steerPacket(lookup: Lookup, frame: Uint8Array, packet: Packet): Result {
  const address = lookup.address(packet.dst);
  if (address === null) return UNTOUCHED;
  const refusal = NOT_FOR_A_BLOCK[packet.kind];
  if (refusal !== null) return { reason: refusal };
  const block = lookup.block(address, packet.dstPort);
  // A gateway that runs pods as well: berth_return is next.
  if (block?.kind === ABI.BLOCK_POD) return UNTOUCHED;
  const mac = block?.kind === ABI.BLOCK_NODE ? lookup.nodeMac(block.nodeIndex) : null;
  if (mac === null) return { reason: 'NO_ROUTE' };
  const steered = frame.slice();
  steered.set(mac, 0);
  steered.set(lookup.uplinkMac(), MAC_BYTES);
  return { reason: 'STEERED', frame: steered };
}

function isHeartbeat(lookup: Lookup, lease: ArpLease, packet: Packet): boolean {
  if (packet.kind !== 'ports' || packet.protocol !== UDP) return false;
  return (
    packet.dstPort !== 0 && packet.dstPort === lease.heartbeatPort() && lookup.isNode(packet.src)
  );
}
