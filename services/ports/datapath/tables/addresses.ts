/**
 * `addresses`: the NAT addresses that this node has to do with, where each one's blocks begin, and
 * whether this gateway answers for it.
 */
import type { IpAddress } from '../../../contract/ip-address.ts';
import type { Entry } from '../port.ts';
import { badEntry, structReader, structWriter } from './bytes.ts';
import { ipOfKey, keyOfIp } from './ip-key.ts';
import { ABI, LAYOUT } from './layout.gen.ts';

export interface AddressEntry {
  readonly natAddress: IpAddress;
  /** Its place in `blocks`, below 256; chosen by whoever writes the table. */
  readonly addressIndex: number;
  /** log2 of the size of all its blocks. */
  readonly sizeLog2: number;
  /** This gateway answers ARP for it. */
  readonly owned: boolean;
}

const ADDRESS = LAYOUT.berth_address;

export function encodeAddress(address: AddressEntry): Entry {
  if (address.addressIndex >= ABI.ADDRESSES_ENTRIES) {
    throw badEntry('addresses', `address index ${address.addressIndex}`);
  }
  if (address.sizeLog2 < ABI.SIZE_LOG2_MIN || address.sizeLog2 > ABI.SIZE_LOG2_MAX) {
    throw badEntry('addresses', `blocks of 2^${address.sizeLog2} ports`);
  }
  const value = structWriter('addresses', ADDRESS.size);
  value.u16(ADDRESS.offsets.address_index, address.addressIndex);
  value.u8(ADDRESS.offsets.size_log2, address.sizeLog2);
  value.u8(ADDRESS.offsets.flags, address.owned ? ABI.ADDRESS_OWNED : 0);
  return { key: addressKey(address.natAddress), value: value.bytes };
}

export function addressKey(natAddress: IpAddress): Uint8Array {
  return keyOfIp(natAddress);
}

export function decodeAddress(entry: Entry): AddressEntry {
  const value = structReader('addresses', entry.value, ADDRESS.size);
  return {
    natAddress: ipOfKey('addresses', entry.key),
    addressIndex: value.u16(ADDRESS.offsets.address_index),
    sizeLog2: value.u8(ADDRESS.offsets.size_log2),
    owned: (value.u8(ADDRESS.offsets.flags) & ABI.ADDRESS_OWNED) !== 0,
  };
}
