/** The Internet checksum: of bytes (RFC 1071), and after a change of some (RFC 1624). */
import { u8, u16 } from './wire.ts';

/** Of all that is given, one after another; each but the last has an even length. */
export function checksumOf(...parts: readonly Uint8Array[]): number {
  return ~parts.reduce((sum, part) => fold(sum + sumOf(part)), 0) & 0xffff;
}

/** What a checksum becomes when `before` is replaced by `after`, of the same even length. */
export function changedChecksum(check: number, before: Uint8Array, after: Uint8Array): number {
  let sum = ~check & 0xffff;
  for (let at = 0; at < before.length; at += 2) {
    sum += (~u16(before, at) & 0xffff) + u16(after, at);
  }
  return ~fold(sum) & 0xffff;
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += u16(bytes, at);
  return bytes.length % 2 === 0 ? sum : sum + (u8(bytes, bytes.length - 1) << 8);
}

function fold(sum: number): number {
  let rest = sum;
  while (rest > 0xffff) rest = (rest & 0xffff) + (rest >>> 16);
  return rest;
}
