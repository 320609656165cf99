/**
 * One form for every IP address in Berth: the canonical text of RFC 5952 (IPv4 as a dotted quad),
 * branded, so that equal addresses are equal strings and can be map keys and record fields.
 * Where bytes are needed (agent link, kernel), an address is always 16 bytes; IPv4 is mapped
 * (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2), so nothing has to be widened for IPv6 later.
 */
import { berthError } from './errors.ts';

declare const brand: unique symbol;
/** Canonical text of an IPv4 or IPv6 address. */
export type IpAddress = string & { readonly [brand]: 'IpAddress' };

const V4_MAPPED = 0xffffn << 32n;
const V4_MAX = 0xffffffffn;
export const ADDRESS_BYTES = 16;

/** @throws BERTH_INPUT_ADDRESS when `text` is no IP address. */
export function parseIp(text: string): IpAddress {
  const number = text.includes(':') ? parseV6(text) : parseV4(text);
  if (number === null) throw berthError('BERTH_INPUT_ADDRESS', { value: text });
  return ipFromBigInt(number);
}

/** The address as a 128-bit number; IPv4 is mapped. */
export function ipToBigInt(ip: IpAddress): bigint {
  const number = ip.includes(':') ? parseV6(ip) : parseV4(ip);
  if (number === null) throw berthError('BERTH_INPUT_ADDRESS', { value: ip });
  return number;
}

export function ipFromBigInt(number: bigint): IpAddress {
  return (number >> 32n === 0xffffn ? formatV4(number & V4_MAX) : formatV6(number)) as IpAddress;
}

/** 16 bytes in network byte order; IPv4 is mapped. */
export function ipToBytes(ip: IpAddress): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  let rest = ipToBigInt(ip);
  for (let i = ADDRESS_BYTES - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** @throws BERTH_INPUT_ADDRESS unless given 16 bytes. */
export function ipFromBytes(bytes: Uint8Array): IpAddress {
  if (bytes.length !== ADDRESS_BYTES) {
    throw berthError('BERTH_INPUT_ADDRESS', { value: `${bytes.length} bytes` });
  }
  return ipFromBigInt(bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
}

export function isV4(ip: IpAddress): boolean {
  return !ip.includes(':');
}

function parseV4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let number = 0n;
  for (const part of parts) {
    // A leading zero is refused: some parsers read it as octal (RFC 6943 section 3.1.1).
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    number = (number << 8n) | BigInt(part);
  }
  return V4_MAPPED | number;
}

function parseV6(text: string): bigint | null {
  const v4At = text.lastIndexOf(':') + 1;
  let hexText = text;
  if (text.includes('.')) {
    const v4 = parseV4(text.slice(v4At));
    if (v4 === null) return null;
    const low = v4 & V4_MAX;
    hexText = `${text.slice(0, v4At)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  }
  const halves = hexText.split('::');
  if (halves.length > 2) return null;
  const head = groups(halves[0] ?? '');
  const tail = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = [...head, ...new Array<bigint>(missing).fill(0n), ...tail];
  return all.reduce((sum, group) => (sum << 16n) | group, 0n);
}

function groups(text: string): bigint[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return null;
  return parts.map((part) => BigInt(`0x${part}`));
}

function formatV4(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => ((number >> shift) & 0xffn).toString()).join('.');
}

function formatV6(number: bigint): string {
  const parts: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) {
    parts.push(((number >> shift) & 0xffffn).toString(16));
  }
  const run = longestZeroRun(parts);
  if (run.length < 2) return parts.join(':');
  const head = parts.slice(0, run.start).join(':');
  const tail = parts.slice(run.start + run.length).join(':');
  return `${head}::${tail}`;
}

function longestZeroRun(parts: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= parts.length; i++) {
    if (parts[i] === '0') continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}
