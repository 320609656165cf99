/** The key of tables that are looked up by an address: its 16 bytes. */
import {
  ADDRESS_BYTES,
  type IpAddress,
  ipFromBytes,
  ipToBytes,
} from '../../../contract/ip-address.ts';
import type { TableName } from '../port.ts';
import { badEntry } from './bytes.ts';

export function keyOfIp(ip: IpAddress): Uint8Array {
  return ipToBytes(ip);
}

export function ipOfKey(table: TableName, key: Uint8Array): IpAddress {
  if (key.length !== ADDRESS_BYTES) throw badEntry(table, `a key of ${key.length} bytes`);
  return ipFromBytes(key);
}
