/** Entries for the cases, each a function of a number. */
import { parseCidr } from '../../../contract/cidr.ts';
import { type IpAddress, ipFromBigInt, ipToBigInt, parseIp } from '../../../contract/ip-address.ts';
import type { Entry, TableName, Tables } from '../port.ts';
import { encodeAddress } from '../tables/addresses.ts';
import { encodeBlock } from '../tables/blocks.ts';
import { encodeConfig } from '../tables/config.ts';
import { encodeInterface } from '../tables/interfaces.ts';
import { encodeLocalPods } from '../tables/local-pods.ts';
import { encodeNode } from '../tables/nodes.ts';
import { encodePod } from '../tables/pods.ts';
import { encodePolicyEntry } from '../tables/policies.ts';
import { encodeUnderlay } from '../tables/underlays.ts';

/** One maker a table; different numbers have different keys. */
export const MAKERS: Readonly<Record<TableName, (number: number) => Entry>> = {
  pods: (number) => encodePod({ ip: ipOf(number), selected: true, berths: [berthOf(number)] }),
  policies: (number) =>
    encodePolicyEntry({
      policySet: 2,
      cidr: parseCidr(`${ipOf(number)}/32`),
      verdict: 'covered',
      rules: [{ protocol: 'TCP', from: 1, to: 1 + (number % 60_000) }],
    }),
  blocks: (number) =>
    encodeBlock({
      addressIndex: number % 256,
      sizeLog2: 6,
      base: (number >> 8) << 6,
      target: { kind: 'pod', ip: ipOf(number) },
    }),
  nodes: (number) =>
    encodeNode({ nodeIndex: number, mac: '02:00:00:00:00:01', underlayIp: ipOf(number) }),
  underlays: (number) => encodeUnderlay({ underlayIp: ipOf(number), nodeIndex: number }),
  addresses: (number) =>
    encodeAddress({ natAddress: ipOf(number), addressIndex: number, sizeLog2: 10, owned: true }),
  localPods: (number) => encodeLocalPods(parseCidr(`${ipOf(number)}/32`)),
  interfaces: (number) => encodeInterface({ ifindex: number + 1, podIp: ipOf(number) }),
  config: () => encodeConfig({ podPortFirst: 32768, uplinkMac: '02:00:00:00:00:02' }),
};

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

export function made(table: TableName, count: number): Entry[] {
  return upTo(count).map(MAKERS[table]);
}

/** The entries of a table, in an order that can be compared. */
export function contents(tables: Tables, table: TableName): string[] {
  return texts(tables.dump(table));
}

export function texts(entries: readonly Entry[]): string[] {
  return entries.map(({ key, value }) => `${hex(key)}=${hex(value)}`).sort();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function ipOf(number: number): IpAddress {
  return ipFromBigInt(ipToBigInt(parseIp('10.0.0.0')) + BigInt(number));
}

function berthOf(number: number) {
  const natAddress = parseIp('198.51.100.7');
  return { natAddress, base: (number % 64) << 10, sizeLog2: 10, mapped: true, policySet: 2 };
}
