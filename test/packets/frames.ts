/**
 * Frames, byte by byte, with checksums computed from nothing. So an expected frame is written as
 * what it means, and its checksums are an independent check of the ones that a program updated.
 */
import { ipToBytes, parseIp } from '../../services/contract/ip-address.ts';

export interface IpParts {
  /** `10.42.1.2:32768`; without a port where there is none. */
  readonly from: string;
  readonly to: string;
  readonly payload?: Uint8Array;
  /** IP options, a multiple of 4 bytes. */
  readonly options?: Uint8Array;
  readonly ttl?: number;
  readonly id?: number;
  /** Flags and fragment offset, as they are in the header. @default 0x4000, don't fragment */
  readonly fragment?: number;
  readonly macs?: Macs;
}

export interface Macs {
  readonly source: string;
  readonly destination: string;
}

export interface TcpParts extends IpParts {
  /** Of `FSRPA`. */
  readonly flags: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
}

export interface UdpParts extends IpParts {
  /** False: checksum zero, which means none. */
  readonly checksum?: boolean;
}

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
export const ETHERNET_BYTES = 14;
export const MACS: Macs = { source: '02:00:00:00:00:0a', destination: '02:00:00:00:00:0b' };

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV6 = 0x86dd;
const IPV4_BYTES = 20;
const TCP_FLAGS = 'FSRPA';

export function tcp(parts: TcpParts): Uint8Array {
  const { seq = 1000, ack = 0, window = 64240, payload = new Uint8Array() } = parts;
  const flags = [...parts.flags].reduce((sum, flag) => sum | (1 << TCP_FLAGS.indexOf(flag)), 0);
  const head = [portOf(parts.from), portOf(parts.to), seq >>> 16, seq & 0xffff];
  const segment = joined(
    words(...head, ack >>> 16, ack & 0xffff, (5 << 12) | flags, window, 0, 0),
    payload,
  );
  putWord(segment, 16, transportChecksum(parts, TCP, segment));
  return ipv4(parts, TCP, segment);
}

export function udp(parts: UdpParts): Uint8Array {
  const { payload = new Uint8Array(), checksum = true } = parts;
  const datagram = joined(
    words(portOf(parts.from), portOf(parts.to), 8 + payload.length, 0),
    payload,
  );
  if (checksum) putWord(datagram, 6, transportChecksum(parts, UDP, datagram) || 0xffff);
  return ipv4(parts, UDP, datagram);
}

export interface IcmpParts extends IpParts {
  readonly type: number;
  readonly code: number;
  /** Of the next hop, with "fragmentation needed" (RFC 1191). @default 0 */
  readonly mtu?: number;
  /** Of an echo. @default 0 */
  readonly id?: number;
}

export function icmp(parts: IcmpParts): Uint8Array {
  const { type, code, id = 0, mtu = 0, payload = new Uint8Array() } = parts;
  const message = joined(words((type << 8) | code, 0, id, mtu), payload);
  putWord(message, 2, checksumOf(message));
  return ipv4(parts, ICMP, message);
}

/** Any IPv4 packet: `payload` is all that comes after the IP header. */
export function ipv4(parts: IpParts, protocol: number, payload: Uint8Array): Uint8Array {
  const { options = new Uint8Array(), ttl = 64, id = 0, fragment = 0x4000 } = parts;
  const length = IPV4_BYTES + options.length;
  const head = words(
    (4 << 12) | ((length / 4) << 8),
    length + payload.length,
    id,
    fragment,
    (ttl << 8) | protocol,
    0,
  );
  const packet = joined(head, ipBytes(parts.from), ipBytes(parts.to), options);
  putWord(packet, 10, checksumOf(packet));
  return joined(ethernet(parts.macs ?? MACS, ETHERTYPE_IPV4), packet, payload);
}

export function ipv6(from: string, to: string, next: number, payload: Uint8Array): Uint8Array {
  const head = words(6 << 12, 0, payload.length, (next << 8) | 64);
  const addresses = [from, to].map((ip) => ipToBytes(parseIp(ip)));
  return joined(ethernet(MACS, ETHERTYPE_IPV6), head, ...addresses, payload);
}

export interface ArpParts {
  readonly operation: 'request' | 'reply';
  readonly sender: { readonly mac: string; readonly ip: string };
  readonly target: { readonly mac: string; readonly ip: string };
  readonly macs: Macs;
}

export function arp({ operation, sender, target, macs }: ArpParts): Uint8Array {
  const head = words(1, ETHERTYPE_IPV4, (6 << 8) | 4, operation === 'request' ? 1 : 2);
  const ends = [sender, target].flatMap(({ mac, ip }) => [macBytes(mac), ipBytes(ip)]);
  return joined(ethernet(macs, ETHERTYPE_ARP), head, ...ends);
}

/** What an ICMP error quotes of a frame: its IP header and 8 bytes more. */
export function quoted(frame: Uint8Array): Uint8Array {
  const header = ((frame[ETHERNET_BYTES] ?? 0) & 0x0f) * 4;
  return frame.slice(ETHERNET_BYTES, ETHERNET_BYTES + header + 8);
}

/** RFC 1071. */
export function checksumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function transportChecksum(parts: IpParts, protocol: number, segment: Uint8Array): number {
  const pseudo = joined(ipBytes(parts.from), ipBytes(parts.to), words(protocol, segment.length));
  return checksumOf(joined(pseudo, segment));
}

function ethernet({ source, destination }: Macs, type: number): Uint8Array {
  return joined(macBytes(destination), macBytes(source), words(type));
}

function words(...numbers: readonly number[]): Uint8Array {
  return Uint8Array.from(numbers.flatMap((number) => [(number >>> 8) & 0xff, number & 0xff]));
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes.set(words(word), at);
}

function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16));
}

function ipBytes(end: string): Uint8Array {
  return Uint8Array.from((end.split(':')[0] ?? '').split('.'), Number);
}

function portOf(end: string): number {
  return Number(end.split(':')[1] ?? 0);
}
