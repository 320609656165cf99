/**
 * Numbers as they are on the wire, and bytes as text: an address, or a key, is its hex digits, so
 * that equal ones are equal strings.
 */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

export function u16(bytes: Uint8Array, at: number): number {
  return (u8(bytes, at) << 8) | u8(bytes, at + 1);
}

export function u32(bytes: Uint8Array, at: number): number {
  return ((u16(bytes, at) << 16) | u16(bytes, at + 2)) >>> 0;
}

export function put16(bytes: Uint8Array, at: number, number: number): void {
  bytes[at] = number >>> 8;
  bytes[at + 1] = number;
}

export function put32(bytes: Uint8Array, at: number, number: number): void {
  put16(bytes, at, (number >>> 16) & 0xffff);
  put16(bytes, at + 2, number & 0xffff);
}

export function hexOf(bytes: Uint8Array, at: number, length: number): string {
  let text = '';
  for (let i = at; i < at + length; i++) text += HEX[u8(bytes, i)];
  return text;
}
