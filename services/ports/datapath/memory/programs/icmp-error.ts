/**
 * ICMP errors (RFC 792, RFC 5508). An error quotes a packet that went the other way, so it takes
 * the way of that packet's answer: the quoted ends, exchanged. Who sent it does not matter.
 */
import { changedChecksum, checksumOf } from './checksum.ts';
import {
  ECHO_ID_AT,
  ECHO_REPLY,
  ECHO_REQUEST,
  ETHERNET_BYTES,
  ICMP,
  ICMP_CHECK_AT,
  IPV4_BYTES,
  type Packet,
  TCP,
  UDP,
} from './packet.ts';
import { checkOf, type End } from './rewrite.ts';
import { hexOf, put16, u8, u16 } from './wire.ts';

const ICMP_BYTES = 8;
const ERROR_TYPES = [3, 11, 12];
const OFFSET = 0x1fff;
const QUOTED_L4_MIN = 8;
const IP_CHECK_AT = 10;
const SRC_AT = 12;
const DST_AT = 16;

/** The packet as its quote tells it; as it was where it is no error that belongs to anybody. */
export function quotedIn(frame: Uint8Array, packet: Packet, isFromPod: boolean): Packet {
  if (packet.kind !== 'icmp') return packet;
  const { l4 } = packet;
  const ip = l4 + ICMP_BYTES;
  if (frame.length < ip + IPV4_BYTES || !ERROR_TYPES.includes(u8(frame, l4))) return packet;
  const headerBytes = (u8(frame, ip) & 0x0f) * 4;
  const inner = ip + headerBytes;
  const protocol = u8(frame, ip + 9);
  const isIpv4 = u8(frame, ip) >> 4 === 4 && headerBytes >= IPV4_BYTES;
  if (!isIpv4 || frame.length < inner + QUOTED_L4_MIN) return packet;
  if ((u16(frame, ip + 6) & OFFSET) !== 0) return packet;
  if (checksumOf(frame.subarray(ip, inner)) !== 0) return packet;
  const mapped = (at: number): string => packet.dst.slice(0, 24) + hexOf(frame, at, 4);
  if (mapped(ip + SRC_AT) !== packet.dst) return packet;
  if (isFromPod && mapped(ip + DST_AT) !== packet.src) return packet;
  const ends = endsOf(frame, inner, protocol, isFromPod);
  if (ends === null) return packet;
  return { ...packet, ...ends, src: mapped(ip + DST_AT), protocol, quotedL4: inner };
}

/** Of the answer to what is quoted. Of echo a pod sends requests, and receives replies. */
function endsOf(
  frame: Uint8Array,
  at: number,
  protocol: number,
  isFromPod: boolean,
): Pick<Packet, 'kind' | 'srcPort' | 'dstPort'> | null {
  if (protocol === TCP || protocol === UDP) {
    return { kind: 'quoted', srcPort: u16(frame, at + 2), dstPort: u16(frame, at) };
  }
  if (protocol !== ICMP || u8(frame, at) !== (isFromPod ? ECHO_REPLY : ECHO_REQUEST)) return null;
  const id = u16(frame, at + ECHO_ID_AT);
  return isFromPod
    ? { kind: 'quoted-echo', srcPort: id, dstPort: 0 }
    : { kind: 'quoted-echo', srcPort: 0, dstPort: id };
}

/** The error's own end, and the quoted packet's other one. */
export function rewrittenError(
  frame: Uint8Array,
  { l4, quotedL4: inner, protocol }: Packet,
  which: 'src' | 'dst',
  { ip, port }: End,
): Uint8Array {
  const result = frame.slice();
  const address = Buffer.from(ip, 'hex').subarray(12);
  const quotedIp = l4 + ICMP_BYTES;
  const [ownAt, otherAt] = which === 'src' ? [SRC_AT, DST_AT] : [DST_AT, SRC_AT];
  const oldIp = frame.subarray(ETHERNET_BYTES + ownAt, ETHERNET_BYTES + ownAt + 4);
  for (const [header, at] of [
    [ETHERNET_BYTES, ownAt],
    [quotedIp, otherAt],
  ] as const) {
    result.set(address, header + at);
    const check = u16(frame, header + IP_CHECK_AT);
    put16(result, header + IP_CHECK_AT, changedChecksum(check, oldIp, address));
  }
  const isEcho = protocol === ICMP;
  const portAt = inner + (isEcho ? ECHO_ID_AT : which === 'src' ? 2 : 0);
  put16(result, portAt, port);
  const oldPort = frame.subarray(portAt, portAt + 2);
  const newPort = result.subarray(portAt, portAt + 2);
  let own = changedChecksum(u16(frame, l4 + ICMP_CHECK_AT), oldPort, newPort);
  const checkAt = inner + checkOf({ protocol });
  const isQuoted = frame.length >= checkAt + 2;
  if (isQuoted && (protocol !== UDP || u16(frame, checkAt) !== 0)) {
    const before = isEcho ? oldPort : Buffer.concat([oldIp, oldPort]);
    const after = isEcho ? newPort : Buffer.concat([address, newPort]);
    put16(result, checkAt, changedChecksum(u16(frame, checkAt), before, after));
    const pair = [frame, result].map((bytes) => bytes.subarray(checkAt, checkAt + 2));
    own = changedChecksum(own, pair[0] ?? oldPort, pair[1] ?? newPort);
  }
  put16(result, l4 + ICMP_CHECK_AT, own);
  return result;
}
