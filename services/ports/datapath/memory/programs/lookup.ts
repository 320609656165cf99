/** How the programs ask the tables: by what a key means, for what its entry means. */
import type { TableName } from '../../port.ts';
import { numberKey, structReader } from '../../tables/bytes.ts';
import { ABI, LAYOUT } from '../../tables/layout.gen.ts';
import { directPorts } from './direct.ts';
import {
  type Address,
  addressOf,
  type Block,
  blockOf,
  type Pod,
  type Policy,
  podOf,
  policyOf,
} from './entries.ts';
import type { SlotStore } from './slots.ts';
import { hexOf } from './wire.ts';

/** Keys and prefixes as hex digits; null: nothing is there. */
export interface Contents {
  exact(table: TableName, key: string): Uint8Array | null;
  /** The value of the longest prefix of `key`. */
  longest(table: 'policies' | 'localPods', key: string): Uint8Array | null;
}

export interface Lookup {
  readonly slots: SlotStore;
  pod(ip: string): Pod | null;
  policy(policySet: number, remote: string): Policy | null;
  isLocalPod(ip: string): boolean;
  address(natAddress: string): Address | null;
  /** The block that a port of the address lies in. */
  block(address: Address, port: number): Block | null;
  /** The MAC of a node that is there. */
  nodeMac(nodeIndex: number): Uint8Array | null;
  /** An underlay IP of a node. */
  isNode(ip: string): boolean;
  /** Whose interface it is. */
  interfacePod(ifindex: number): string | null;
  /** L; 0 before the configuration was written. */
  podPortFirst(): number;
  uplinkMac(): Uint8Array;
}

const MAC_BYTES = 6;
const IP_BYTES = 16;
const NO_MAC = new Uint8Array(MAC_BYTES);
const NUMBER_BYTES = 4;

export function lookupIn(contents: Contents, slots: SlotStore): Lookup {
  const numbered = (table: TableName, number: number) =>
    contents.exact(table, hexOf(numberKey(table, number), 0, NUMBER_BYTES));
  const config = () => numbered('config', 0);
  return {
    slots,
    pod(ip) {
      const value = contents.exact('pods', ip);
      return value === null ? null : podOf(value);
    },
    policy(policySet, remote) {
      const set = hexOf(numberKey('policies', policySet), 0, NUMBER_BYTES);
      const value = contents.longest('policies', set + remote);
      return value === null ? null : policyOf(value);
    },
    isLocalPod: (ip) => contents.longest('localPods', ip) !== null,
    address(natAddress) {
      const value = contents.exact('addresses', natAddress);
      return value === null ? null : addressOf(value);
    },
    block(address, port) {
      if (directPorts(address.sizeLog2) === 0) return null;
      const element = address.index * 2 ** ABI.BLOCKS_PER_ADDRESS_LOG2 + (port >> address.sizeLog2);
      const value = numbered('blocks', element);
      return value === null ? null : blockOf(value);
    },
    nodeMac(nodeIndex) {
      const value = numbered('nodes', nodeIndex);
      const { in_use, mac } = LAYOUT.berth_node.offsets;
      if (value === null || value[in_use] === 0) return null;
      return value.subarray(mac, mac + MAC_BYTES);
    },
    isNode: (ip) => contents.exact('underlays', ip) !== null,
    interfacePod(ifindex) {
      const value = numbered('interfaces', ifindex);
      const at = LAYOUT.berth_interface.offsets.pod_ip;
      return value === null ? null : hexOf(value, at, IP_BYTES);
    },
    podPortFirst() {
      const value = config();
      if (value === null) return 0;
      const { size, offsets } = LAYOUT.berth_config;
      return structReader('config', value, size).u16(offsets.pod_port_first);
    },
    uplinkMac() {
      const at = LAYOUT.berth_config.offsets.uplink_mac;
      return config()?.subarray(at, at + MAC_BYTES) ?? NO_MAC;
    },
  };
}
