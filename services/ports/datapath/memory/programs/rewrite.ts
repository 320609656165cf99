/**
 * A frame with another address and port at one of its ends. Checksums change by what changed, so
 * that one that was wrong stays wrong: the receiver shall still see that.
 */
import { changedChecksum } from './checksum.ts';
import { ECHO_ID_AT, ETHERNET_BYTES, ICMP, ICMP_CHECK_AT, type Packet, UDP } from './packet.ts';
import { put16, u16 } from './wire.ts';

export interface End {
  /** 16 bytes as hex digits, IPv4 mapped. */
  readonly ip: string;
  readonly port: number;
}

const IP_CHECK_AT = ETHERNET_BYTES + 10;
const IP_ENDS_AT = { src: ETHERNET_BYTES + 12, dst: ETHERNET_BYTES + 16 };
const PORTS_AT = { src: 0, dst: 2 };
const TCP_CHECK_AT = 16;
const UDP_CHECK_AT = 6;

export function rewritten(
  frame: Uint8Array,
  packet: Packet,
  which: 'src' | 'dst',
  { ip, port }: End,
): Uint8Array {
  const result = frame.slice();
  const isEcho = packet.protocol === ICMP;
  const ipAt = IP_ENDS_AT[which];
  const portAt = packet.l4 + (isEcho ? ECHO_ID_AT : PORTS_AT[which]);
  result.set(Buffer.from(ip, 'hex').subarray(12), ipAt);
  put16(result, portAt, port);
  const oldIp = frame.subarray(ipAt, ipAt + 4);
  const newIp = result.subarray(ipAt, ipAt + 4);
  put16(result, IP_CHECK_AT, changedChecksum(u16(frame, IP_CHECK_AT), oldIp, newIp));
  // Addresses are in the sum of TCP and UDP, by their pseudo header, but not in that of ICMP.
  const [before, after] = [frame, result].map((bytes) =>
    Buffer.concat([
      bytes.subarray(ipAt, isEcho ? ipAt : ipAt + 4),
      bytes.subarray(portAt, portAt + 2),
    ]),
  ) as [Buffer, Buffer];
  const checkAt = packet.l4 + checkOf(packet);
  const check = u16(frame, checkAt);
  const changed = changedChecksum(check, before, after);
  if (packet.protocol !== UDP) put16(result, checkAt, changed);
  // RFC 768: zero stands for none, and a sum that is zero is sent as its twin.
  else if (check !== 0) put16(result, checkAt, changed || 0xffff);
  return result;
}

/** Where layer 4 has its checksum. */
export function checkOf({ protocol }: Pick<Packet, 'protocol'>): number {
  if (protocol === UDP) return UDP_CHECK_AT;
  return protocol === ICMP ? ICMP_CHECK_AT : TCP_CHECK_AT;
}
