/**
 * The tables of one node and one gateway in a cluster of so many pods and targets. The pod that is
 * measured has its own IP for a NAT address and L for a block's base, so that translating a packet
 * does all the work and leaves the same packet: the next run finds it as it was.
 */
import type { Cidr } from '../../../services/contract/cidr.ts';
import { parseCidr } from '../../../services/contract/cidr.ts';
import { type IpAddress, parseIp } from '../../../services/contract/ip-address.ts';
import { RUN_IFINDEX } from '../../../services/ports/datapath/packet-runner.ts';
import type { Entry, TableName, Tables } from '../../../services/ports/datapath/port.ts';
import { encodeAddress } from '../../../services/ports/datapath/tables/addresses.ts';
import { encodeBlock } from '../../../services/ports/datapath/tables/blocks.ts';
import { encodeConfig } from '../../../services/ports/datapath/tables/config.ts';
import { encodeInterface } from '../../../services/ports/datapath/tables/interfaces.ts';
import { encodeLocalPods } from '../../../services/ports/datapath/tables/local-pods.ts';
import { encodeNode } from '../../../services/ports/datapath/tables/nodes.ts';
import { encodePod } from '../../../services/ports/datapath/tables/pods.ts';
import { encodePolicyEntry } from '../../../services/ports/datapath/tables/policies.ts';

export interface Population {
  /** In the cluster. */
  readonly pods: number;
  readonly podsPerNode: number;
  readonly cidrs: number;
}

export const L = 32768;
export const POD = '10.0.0.0';
export const TARGET = '198.18.0.5';
export const TARGET_PORT = 5432;
export const ELSEWHERE = '9.9.9.9';
export const HOST = '192.168.7.1';
/** Its block is another node's. */
export const REMOTE_NAT = '203.0.112.0';
export const OWN_MAC = '02:00:00:00:00:0b';

const SIZE_LOG2 = 10;
const BLOCKS_PER_ADDRESS = 64;
const SETS = [0, 1, 2];
const OWN_SET = 2;

type Contents = Partial<Record<TableName, Entry[]>>;

/** Of how many entries it is. */
export function fillNode(tables: Tables, { podsPerNode, cidrs }: Population): number {
  const addressCount = Math.ceil(podsPerNode / BLOCKS_PER_ADDRESS);
  const here = Array.from({ length: podsPerNode }, (_, number) => ({
    ip: podIp(number),
    // Of the pod that is measured, see above.
    natAddress: number === 0 ? podIp(0) : natIp(blockOf(number).address),
    base: number === 0 ? L : blockOf(number).base,
    addressIndex: number === 0 ? addressCount : blockOf(number).address,
  }));
  const berth = { sizeLog2: SIZE_LOG2, mapped: true, policySet: OWN_SET };
  return put(tables, {
    policies: SETS.flatMap((policySet) =>
      Array.from({ length: cidrs }, (_, number) =>
        encodePolicyEntry({ policySet, cidr: cidrOf(number), verdict: 'covered', rules: [] }),
      ),
    ),
    addresses: [
      ...Array.from({ length: addressCount }, (_, number) => addressEntry(natIp(number), number)),
      addressEntry(podIp(0), addressCount),
    ],
    blocks: here.map(({ ip, base, addressIndex }) =>
      encodeBlock({ addressIndex, sizeLog2: SIZE_LOG2, base, target: { kind: 'pod', ip } }),
    ),
    localPods: [encodeLocalPods(parseCidr('10.0.0.0/16'))],
    interfaces: [encodeInterface({ ifindex: RUN_IFINDEX, podIp: podIp(0) })],
    config: [encodeConfig({ podPortFirst: L, uplinkMac: OWN_MAC })],
    pods: here.map(({ ip, natAddress, base }) =>
      encodePod({ ip, selected: true, berths: [{ ...berth, natAddress, base }] }),
    ),
  });
}

export function fillGateway(tables: Tables, { pods, podsPerNode }: Population): number {
  const nodeCount = Math.ceil(pods / podsPerNode);
  const addressCount = Math.ceil(pods / BLOCKS_PER_ADDRESS);
  return put(tables, {
    addresses: Array.from({ length: addressCount }, (_, at) => addressEntry(natIp(at), at)),
    // Every node answers by the gateway's own MAC, so that a steered frame can be steered again.
    nodes: Array.from({ length: nodeCount }, (_, nodeIndex) =>
      encodeNode({ nodeIndex, mac: OWN_MAC, underlayIp: parseIp(`10.1.${nodeIndex >> 8}.1`) }),
    ),
    blocks: Array.from({ length: pods }, (_, number) => {
      const { address, base } = blockOf(number);
      const target = { kind: 'node', nodeIndex: Math.floor(number / podsPerNode) } as const;
      return encodeBlock({ addressIndex: address, sizeLog2: SIZE_LOG2, base, target });
    }),
    config: [encodeConfig({ podPortFirst: L, uplinkMac: OWN_MAC })],
  });
}

export function podIp(number: number): IpAddress {
  return parseIp(`10.0.${number >> 8}.${number & 255}`);
}

/** The first holds TARGET. */
export function cidrOf(number: number): Cidr {
  return parseCidr(`198.${18 + (number >> 8)}.${number & 255}.0/24`);
}

function natIp(number: number): IpAddress {
  return parseIp(`203.0.${112 + (number >> 8)}.${number & 255}`);
}

function blockOf(number: number): { readonly address: number; readonly base: number } {
  const address = Math.floor(number / BLOCKS_PER_ADDRESS);
  return { address, base: (number % BLOCKS_PER_ADDRESS) * 2 ** SIZE_LOG2 };
}

function addressEntry(natAddress: IpAddress, addressIndex: number): Entry {
  return encodeAddress({ natAddress, addressIndex, sizeLog2: SIZE_LOG2, owned: true });
}

/** Answers how many entries the kernel has afterwards. */
function put(tables: Tables, contents: Contents): number {
  const names = Object.keys(contents) as TableName[];
  for (const name of names) tables.put(name, contents[name] ?? []);
  return names.reduce((sum, name) => sum + tables.dump(name).length, 0);
}
