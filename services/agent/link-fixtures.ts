/**
 * Resources and pushes as a hub would make them, for the tests of this folder: each maker takes
 * what the test is about and fills in the rest.
 */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  PortRule_Protocol,
  type Push,
  Push_Kind,
  PushSchema,
  ResourceSchema,
} from '../contract/gen/berth/link/v1/link_pb.ts';
import { ipToBytes, parseIp } from '../contract/ip-address.ts';
import { versionToWire } from '../contract/link-version.ts';
import { resourceHash } from '../contract/resource-checksum.ts';
import type { Version } from '../contract/version.ts';

const { TCP } = PortRule_Protocol;

type Body = NonNullable<MessageInitShape<typeof ResourceSchema>['body']>;

export interface SlotFixture {
  readonly policy: string;
  readonly nat?: string;
  readonly base?: number;
  readonly size?: number;
}

export interface EntryFixture {
  readonly to: string;
  readonly hole?: boolean;
  readonly port?: number;
}

/** Resources by key, as a hub holds them for one node. */
export type Resources = ReadonlyMap<string, Uint8Array>;

export function address(text: string): Uint8Array {
  return ipToBytes(parseIp(text));
}

function resource(key: string, body: Body): [string, Uint8Array] {
  return [key, toBinary(ResourceSchema, create(ResourceSchema, { key, body }))];
}

export function podResource(
  uid: string,
  slots: readonly SlotFixture[] | null,
): [string, Uint8Array] {
  const value = {
    uid,
    namespace: 'shop',
    name: `pod-${uid}`,
    selected: slots !== null,
    slots: (slots ?? []).map(({ policy, nat, base = 0, size = 1024 }) => ({
      policy,
      natAddress: nat === undefined ? new Uint8Array() : address(nat),
      base: nat === undefined ? 0 : base,
      blockSize: nat === undefined ? 0 : size,
    })),
  };
  return resource(`pod/${uid}`, { case: 'pod', value });
}

/** `to` is an IPv4 CIDR. */
export function policyResource(
  name: string,
  entries: readonly EntryFixture[],
): [string, Uint8Array] {
  const value = {
    name,
    entries: entries.map(({ to, hole = false, port }) => {
      const [ip = '', length = '32'] = to.split('/');
      const ports = port === undefined ? [] : [{ protocol: TCP, from: port, to: port }];
      return { address: address(ip), prefixLength: Number(length) + 96, hole, ports };
    }),
  };
  return resource(`policy/${name}`, { case: 'policy', value });
}

export function addressResource(
  ip: string,
  gateways: readonly string[] = [],
  blockSize = 1024,
): [string, Uint8Array] {
  const value = { address: address(ip), blockSize, gateways: [...gateways] };
  return resource(`address/${ip}`, { case: 'address', value });
}

export function nodeResource(name: string, underlayIp: string, mac: string): [string, Uint8Array] {
  const value = { name, underlayIp: address(underlayIp), mac: macBytes(mac) };
  return resource(`node/${name}`, { case: 'node', value });
}

export function blockResource(
  nat: string,
  base: number,
  node: string,
  blockSize = 1024,
): [string, Uint8Array] {
  const value = { address: address(nat), base, blockSize, node };
  return resource(`block/${nat}/${base}`, { case: 'block', value });
}

export function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
}

export function checksumOf(resources: Resources): bigint {
  return [...resources].reduce((sum, [key, bytes]) => sum ^ resourceHash(key, bytes), 0n);
}

export function snapshotPush(resources: Resources, version: Version, nonce = 1): Push {
  return create(PushSchema, {
    nonce: BigInt(nonce),
    kind: Push_Kind.SNAPSHOT,
    version: versionToWire(version),
    resources: [...resources.values()],
    checksum: checksumOf(resources),
  });
}

export function deltaPush(before: Resources, after: Resources, version: Version, nonce = 1): Push {
  const changed = [...after].filter(([key, bytes]) => {
    const old = before.get(key);
    return old === undefined || Buffer.compare(old, bytes) !== 0;
  });
  return create(PushSchema, {
    nonce: BigInt(nonce),
    kind: Push_Kind.DELTA,
    version: versionToWire(version),
    resources: changed.map(([, bytes]) => bytes),
    removed: [...before.keys()].filter((key) => !after.has(key)),
    checksum: checksumOf(after),
  });
}
