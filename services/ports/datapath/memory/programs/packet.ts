/**
 * What the programs need to know of a frame. A packet that has no ports that could be translated
 * says what it is instead; of one that is cut off only the addresses count.
 */
import { hexOf, u8, u16 } from './wire.ts';

/** quoted, quoted-echo: an ICMP error that belongs to a packet's sender; see icmp-error.ts. */
export type PacketKind =
  | 'ports'
  | 'quoted'
  | 'quoted-echo'
  | 'echo-request'
  | 'echo-reply'
  | 'fragment'
  | 'icmp'
  | 'no-ports'
  | 'cut-off'
  | 'ipv6';

export interface Packet {
  readonly kind: PacketKind;
  /** 16 bytes as hex digits; IPv4 is mapped. */
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  /** Where layer 4 begins. Of IPv4 that is not cut off. */
  readonly l4: number;
  /** Of an ICMP error about a packet: where layer 4 of the quoted packet begins. */
  readonly quotedL4: number;
  /** Of kinds `ports`, `quoted`; of an echo its id, as the port of the end that asks. */
  readonly srcPort: number;
  readonly dstPort: number;
  /** Of TCP with its ports. */
  readonly tcpFlags: number;
}

export const ETHERNET_BYTES = 14;
export const IPV4_BYTES = 20;
export const TCP_BYTES = 20;
export const UDP_BYTES = 8;
export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_ACK = 0x10;
export const ETHERTYPE_IPV4 = 0x0800;

const ICMP_BYTES = 8;
export const ECHO_REPLY = 0;
export const ECHO_REQUEST = 8;
export const ECHO_ID_AT = 4;
export const ICMP_CHECK_AT = 2;
const ETHERTYPE_IPV6 = 0x86dd;
const IPV6_BYTES = 40;
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
const MAPPED = '00000000000000000000ffff';

/** Null: not IP, or without whole addresses. */
export function parsePacket(frame: Uint8Array): Packet | null {
  if (frame.length < ETHERNET_BYTES) return null;
  const type = u16(frame, 12);
  const ip = frame.length - ETHERNET_BYTES;
  if (type === ETHERTYPE_IPV4 && ip >= IPV4_BYTES) return ipv4Packet(frame);
  if (type === ETHERTYPE_IPV6 && ip >= IPV6_BYTES) {
    const ends = { src: hexOf(frame, 22, 16), dst: hexOf(frame, 38, 16) };
    return { ...NO_PORTS, ...ends, kind: 'ipv6', protocol: 0, l4: 0 };
  }
  return null;
}

const NO_PORTS = { srcPort: 0, dstPort: 0, quotedL4: 0, tcpFlags: 0 };

function ipv4Packet(frame: Uint8Array): Packet {
  const first = u8(frame, ETHERNET_BYTES);
  const headerBytes = (first & 0x0f) * 4;
  const l4 = ETHERNET_BYTES + headerBytes;
  const protocol = u8(frame, ETHERNET_BYTES + 9);
  const ends = {
    src: MAPPED + hexOf(frame, ETHERNET_BYTES + 12, 4),
    dst: MAPPED + hexOf(frame, ETHERNET_BYTES + 16, 4),
  };
  const other = (kind: PacketKind): Packet => ({ ...NO_PORTS, ...ends, kind, protocol, l4 });
  if (first >> 4 !== 4 || headerBytes < IPV4_BYTES || l4 > frame.length) return other('cut-off');
  // The first fragment has ports too, but the others would not follow it.
  if (u16(frame, ETHERNET_BYTES + 6) & MORE_FRAGMENTS_OR_OFFSET) return other('fragment');
  if (protocol === ICMP) return { ...other('icmp'), ...echoParts(frame, l4) };
  if (protocol !== TCP && protocol !== UDP) return other('no-ports');
  if (frame.length < l4 + (protocol === TCP ? TCP_BYTES : UDP_BYTES)) return other('cut-off');
  const flags = protocol === TCP ? u8(frame, l4 + 13) : 0;
  return {
    ...ends,
    kind: 'ports',
    protocol,
    l4,
    quotedL4: 0,
    srcPort: u16(frame, l4),
    dstPort: u16(frame, l4 + 2),
    tcpFlags: flags,
  };
}

function echoParts(frame: Uint8Array, l4: number): Partial<Packet> {
  if (frame.length < l4 + ICMP_BYTES) return {};
  const id = u16(frame, l4 + ECHO_ID_AT);
  if (u8(frame, l4) === ECHO_REQUEST) return { kind: 'echo-request', srcPort: id };
  return u8(frame, l4) === ECHO_REPLY ? { kind: 'echo-reply', dstPort: id } : {};
}
