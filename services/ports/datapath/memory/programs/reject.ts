/**
 * The answer to a packet that was held back: RST to TCP, ICMP "administratively prohibited" to
 * others, as if the destination had sent it. It goes back the way the packet came.
 */
import { checksumOf } from './checksum.ts';
import {
  ETHERNET_BYTES,
  ICMP,
  IPV4_BYTES,
  type Packet,
  TCP,
  TCP_ACK,
  TCP_BYTES,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
} from './packet.ts';
import { put16, put32, u8, u32 } from './wire.ts';

const TTL = 64;
const DONT_FRAGMENT = 0x4000;
const OPTION_NOP = 1;
const ICMP_BYTES = 8;
const ICMP_UNREACHABLE = 3;
const ICMP_PROHIBITED = 13;
/** Of layer 4, in an ICMP error (RFC 792). */
const QUOTED_BYTES = 8;

/** Null: nobody may or can be told. */
export function answerTo(frame: Uint8Array, packet: Packet): Uint8Array | null {
  if (packet.kind === 'no-ports' || packet.kind === 'echo-request') {
    return prohibition(frame, packet);
  }
  if (packet.kind !== 'ports') return null;
  return packet.protocol === TCP ? reset(frame, packet) : prohibition(frame, packet);
}

/** RFC 9293, 3.10.7.1. The IP header stays as long as it was, its options mean nothing. */
function reset(frame: Uint8Array, packet: Packet): Uint8Array | null {
  const { l4 } = packet;
  const flags = u8(frame, l4 + 13);
  const headerBytes = (u8(frame, l4 + 12) >> 4) * 4;
  const payloadBytes = frame.length - l4 - headerBytes;
  if ((flags & TCP_RST) !== 0 || headerBytes < TCP_BYTES || payloadBytes < 0) return null;
  const segment = new Uint8Array(TCP_BYTES);
  put16(segment, 0, packet.dstPort);
  put16(segment, 2, packet.srcPort);
  segment[12] = (TCP_BYTES / 4) << 4;
  if ((flags & TCP_ACK) !== 0) {
    segment[13] = TCP_RST;
    put32(segment, 4, u32(frame, l4 + 8));
  } else {
    segment[13] = TCP_RST | TCP_ACK;
    const controls = ((flags & TCP_SYN) !== 0 ? 1 : 0) + ((flags & TCP_FIN) !== 0 ? 1 : 0);
    put32(segment, 8, (u32(frame, l4 + 4) + payloadBytes + controls) >>> 0);
  }
  const header = ipHeader(frame, TCP, l4 - ETHERNET_BYTES, TCP_BYTES);
  const pseudo = new Uint8Array(12);
  pseudo.set(header.subarray(12, 20), 0);
  put16(pseudo, 8, TCP);
  put16(pseudo, 10, TCP_BYTES);
  put16(segment, 16, checksumOf(pseudo, segment));
  return Uint8Array.from(Buffer.concat([turned(frame), header, segment]));
}

function prohibition(frame: Uint8Array, packet: Packet): Uint8Array {
  const quoted = frame.subarray(ETHERNET_BYTES, packet.l4 + QUOTED_BYTES);
  const head = new Uint8Array(ICMP_BYTES);
  head[0] = ICMP_UNREACHABLE;
  head[1] = ICMP_PROHIBITED;
  put16(head, 2, checksumOf(head, quoted));
  const header = ipHeader(frame, ICMP, IPV4_BYTES, ICMP_BYTES + quoted.length);
  return Uint8Array.from(Buffer.concat([turned(frame), header, head, quoted]));
}

/** From the destination of `frame` to its source. */
function ipHeader(
  frame: Uint8Array,
  protocol: number,
  headerBytes: number,
  payloadBytes: number,
): Uint8Array {
  const header = new Uint8Array(headerBytes).fill(OPTION_NOP, IPV4_BYTES);
  header[0] = (4 << 4) | (headerBytes / 4);
  put16(header, 2, headerBytes + payloadBytes);
  put16(header, 6, DONT_FRAGMENT);
  header[8] = TTL;
  header[9] = protocol;
  const from = ETHERNET_BYTES + 12;
  header.set(frame.subarray(from + 4, from + 8), 12);
  header.set(frame.subarray(from, from + 4), 16);
  put16(header, 10, checksumOf(header));
  return header;
}

/** The Ethernet header, back to where the frame came from. */
function turned(frame: Uint8Array): Uint8Array {
  return Buffer.concat([frame.subarray(6, 12), frame.subarray(0, 6), frame.subarray(12, 14)]);
}
