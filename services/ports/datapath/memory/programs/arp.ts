/** "Who has" for a NAT address that this gateway owns, answered (RFC 826). */
import type { Lookup } from './lookup.ts';
import { ETHERNET_BYTES } from './packet.ts';
import { hexOf, put16 } from './wire.ts';

const ARP_BYTES = 28;
/** Ethernet and IPv4, 6 and 4 bytes of address, a request. */
const REQUEST = '0001080006040001';
const REPLY = 2;
const MAPPED = '00000000000000000000ffff';
const AT = {
  operation: ETHERNET_BYTES + 6,
  senderMac: ETHERNET_BYTES + 8,
  senderIp: ETHERNET_BYTES + 14,
  targetMac: ETHERNET_BYTES + 18,
  targetIp: ETHERNET_BYTES + 24,
};

/** Null: it asks nothing that is ours to answer. */
export function arpAnswer(lookup: Lookup, frame: Uint8Array): Uint8Array | null {
  if (frame.length < ETHERNET_BYTES + ARP_BYTES) return null;
  if (hexOf(frame, ETHERNET_BYTES, REQUEST.length / 2) !== REQUEST) return null;
  const wanted = hexOf(frame, AT.targetIp, 4);
  // An announcement names its own sender.
  if (wanted === hexOf(frame, AT.senderIp, 4)) return null;
  if (!lookup.address(MAPPED + wanted)?.owned) return null;
  const own = lookup.uplinkMac();
  const asker = frame.subarray(AT.senderMac, AT.senderMac + 10);
  const answer = frame.slice();
  answer.set(asker.subarray(0, 6), 0);
  answer.set(own, 6);
  put16(answer, AT.operation, REPLY);
  answer.set(own, AT.senderMac);
  answer.set(frame.subarray(AT.targetIp, AT.targetIp + 4), AT.senderIp);
  answer.set(asker, AT.targetMac);
  return answer;
}
