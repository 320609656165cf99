/**
 * Fixed-size structs as bytes: the kernel's byte order, and refusing what does not fit its field
 * instead of cutting it off. Every codec of this folder is made of these.
 */
import { endianness } from 'node:os';
import { berthError } from '../../../contract/errors.ts';
import {
  ADDRESS_BYTES,
  type IpAddress,
  ipFromBytes,
  ipToBytes,
} from '../../../contract/ip-address.ts';
import type { TableName } from '../port.ts';

/** The agent's tables, and those that belong to one purpose alone. */
type AnyTable = TableName | 'lease' | 'heartbeats' | 'slots' | 'events';

const LITTLE_ENDIAN = endianness() === 'LE';
const U64_BITS = 64;
const BITS = { u8: 8, u16: 16, u32: 32 } as const;

/** Writes into a new struct of `size` bytes, all zero at first. */
export interface StructWriter {
  readonly bytes: Uint8Array;
  u8(offset: number, value: number): void;
  u16(offset: number, value: number): void;
  u32(offset: number, value: number): void;
  u64(offset: number, value: bigint): void;
  ip(offset: number, value: IpAddress): void;
  mac(offset: number, value: string): void;
}

export function structWriter(table: AnyTable, size: number): StructWriter {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const checked = (value: number, bits: number): number => {
    const fits = Number.isInteger(value) && value >= 0 && value < 2 ** bits;
    if (!fits) throw badEntry(table, `${value} is no number of ${bits} bits`);
    return value;
  };
  return {
    bytes,
    u8: (offset, value) => view.setUint8(offset, checked(value, BITS.u8)),
    u16: (offset, value) => view.setUint16(offset, checked(value, BITS.u16), LITTLE_ENDIAN),
    u32: (offset, value) => view.setUint32(offset, checked(value, BITS.u32), LITTLE_ENDIAN),
    u64(offset, value) {
      if (BigInt.asUintN(U64_BITS, value) !== value) {
        throw badEntry(table, `${value} is no number of ${U64_BITS} bits`);
      }
      view.setBigUint64(offset, value, LITTLE_ENDIAN);
    },
    ip: (offset, value) => bytes.set(ipToBytes(value), offset),
    mac: (offset, value) => bytes.set(macToBytes(table, value), offset),
  };
}

export interface StructReader {
  u8(offset: number): number;
  u16(offset: number): number;
  u32(offset: number): number;
  u64(offset: number): bigint;
  ip(offset: number): IpAddress;
  mac(offset: number): string;
}

/** @throws BERTH_DATAPATH_BAD_ENTRY unless there are exactly `size` bytes. */
export function structReader(table: AnyTable, bytes: Uint8Array, size: number): StructReader {
  if (bytes.length !== size) throw badEntry(table, `${bytes.length} bytes instead of ${size}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    u8: (offset) => view.getUint8(offset),
    u16: (offset) => view.getUint16(offset, LITTLE_ENDIAN),
    u32: (offset) => view.getUint32(offset, LITTLE_ENDIAN),
    u64: (offset) => view.getBigUint64(offset, LITTLE_ENDIAN),
    ip: (offset) => ipFromBytes(bytes.subarray(offset, offset + ADDRESS_BYTES)),
    mac: (offset) => macFromBytes(bytes.subarray(offset, offset + MAC_BYTES)),
  };
}

/** The key of the tables that count from 0, and of `interfaces`. */
export function numberKey(table: AnyTable, value: number): Uint8Array {
  const writer = structWriter(table, NUMBER_KEY_BYTES);
  writer.u32(0, value);
  return writer.bytes;
}

export function numberOfKey(table: AnyTable, key: Uint8Array): number {
  return structReader(table, key, NUMBER_KEY_BYTES).u32(0);
}

export function badEntry(table: AnyTable, reason: string): Error {
  return berthError('BERTH_DATAPATH_BAD_ENTRY', { table, reason });
}

const NUMBER_KEY_BYTES = 4;
const MAC_BYTES = 6;

function macToBytes(table: AnyTable, mac: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) throw badEntry(table, `'${mac}' is no MAC`);
  return Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16));
}

function macFromBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
