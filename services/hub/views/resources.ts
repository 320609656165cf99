/**
 * The link's resources as bytes, one function a kind. The same thing gives the same bytes in every
 * hub, so that checksums can be compared.
 */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { cidrParts } from '../../contract/cidr.ts';
import { PortRule_Protocol, ResourceSchema } from '../../contract/gen/berth/link/v1/link_pb.ts';
import type { NamespaceName, NodeName } from '../../contract/identity.ts';
import { type IpAddress, ipToBytes } from '../../contract/ip-address.ts';
import type { NodeFromAgent } from '../../contract/node-records.ts';
import type { PodFacts, PortRule } from '../../contract/objects.ts';
import type { CompiledEntry, CompiledPort } from './policy-set.ts';
import { type HashedResource, hashed } from './resource-set.ts';

type Body = NonNullable<MessageInitShape<typeof ResourceSchema>['body']>;

export interface Place {
  readonly address: IpAddress;
  readonly base: number;
  readonly blockSize: number;
}

/** `place` is null while there is no berth: what the policy covers is then rejected. */
export interface Slot {
  readonly policy: string;
  readonly place: Place | null;
}

export const keys = {
  pod: (uid: string) => `pod/${uid}`,
  policy: (name: string) => `policy/${name}`,
  address: (address: IpAddress) => `address/${address}`,
  node: (node: NodeName) => `node/${node}`,
  block: ({ address, base }: Place) => `block/${address}/${base}`,
};

export function podResource(
  namespace: NamespaceName,
  pod: PodFacts,
  selected: boolean,
  slots: readonly Slot[],
): HashedResource {
  const { uid, name } = pod;
  const value = { uid, namespace, name, selected, slots: slots.map(slotMessage) };
  return resource(keys.pod(uid), { case: 'pod', value });
}

function slotMessage({ policy, place }: Slot): {
  policy: string;
  natAddress?: Uint8Array;
  base?: number;
  blockSize?: number;
} {
  if (place === null) return { policy };
  const { address, base, blockSize } = place;
  return { policy, natAddress: ipToBytes(address), base, blockSize };
}

export function policyResource(name: string, entries: readonly CompiledEntry[]): HashedResource {
  const value = {
    name,
    entries: entries.map(({ cidr, hole, observe, ports }) => {
      const { address, prefixLength } = cidrParts(cidr);
      const named = ports.map(portMessage);
      return { address: ipToBytes(address), prefixLength, hole, observe, ports: named };
    }),
  };
  return resource(keys.policy(name), { case: 'policy', value });
}

function portMessage({ protocol, from, to, observe }: CompiledPort): {
  protocol: PortRule_Protocol;
  from: number;
  to: number;
  observe: boolean;
} {
  return { protocol: PROTOCOLS[protocol], from, to, observe };
}

const PROTOCOLS = {
  TCP: PortRule_Protocol.TCP,
  UDP: PortRule_Protocol.UDP,
  any: PortRule_Protocol.UNSPECIFIED,
} as const satisfies Record<PortRule['protocol'], PortRule_Protocol>;

export function addressResource(
  address: IpAddress,
  blockSize: number,
  gateways: readonly NodeName[],
): HashedResource {
  const value = { address: ipToBytes(address), blockSize, gateways: [...gateways].sort() };
  return resource(keys.address(address), { case: 'address', value });
}

export function nodeResource(record: NodeFromAgent): HashedResource {
  const { node, mac, underlayIp } = record;
  const heartbeatKey = Buffer.from(record.heartbeatKey ?? '', 'base64');
  const addresses = { mac: macToBytes(mac), underlayIp: ipToBytes(underlayIp) };
  const value = { name: node, ...addresses, heartbeatKey };
  return resource(keys.node(node), { case: 'node', value });
}

export function blockResource(place: Place, node: NodeName): HashedResource {
  const { address, base, blockSize } = place;
  const value = { address: ipToBytes(address), base, blockSize, node };
  return resource(keys.block(place), { case: 'block', value });
}

function resource(key: string, body: Body): HashedResource {
  const bytes = toBinary(ResourceSchema, create(ResourceSchema, { key, body }));
  return hashed({ key, bytes });
}

function macToBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
}
