/**
 * One resource of the agent link, read strictly: what the hub names is either understood whole or
 * refused with BERTH_LINK_BAD_MESSAGE, so that nobody believes half of it to be in force. The
 * agent keeps the bytes as they came (they are what the checksum covers) and decodes when needed.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { isBlockSize } from '../contract/block.ts';
import { type Cidr, parseCidr } from '../contract/cidr.ts';
import { berthError } from '../contract/errors.ts';
import {
  type Block,
  type Pod,
  type Policy,
  type Resource,
  ResourceSchema,
  type Slot,
} from '../contract/gen/berth/link/v1/link_pb.ts';
import { ADDRESS_BYTES, ipFromBytes, isV4 } from '../contract/ip-address.ts';
import { PORT_RULES_MAX } from '../ports/datapath/tables/policies.ts';

const MAC_BYTES = 6;
const KEY_BYTES = 32;
const V4_PREFIX_OFFSET = 96;
const PORT_MAX = 65535;

export type ResourceBody = Exclude<Resource['body'], { case: undefined }>;

export interface ReadResource {
  readonly key: string;
  readonly body: ResourceBody;
}

/** @throws BERTH_LINK_BAD_MESSAGE */
export function readResource(bytes: Uint8Array): ReadResource {
  const resource = decode(bytes);
  const { key, body } = resource;
  if (body.case === undefined) throw bad(`resource '${key}' is of a kind that is not known here`);
  const fault = faultIn(body);
  if (fault !== null) throw bad(`resource '${key}': ${fault}`);
  // Two keys for one thing would make the outcome depend on their order.
  if (key !== keyOf(body)) throw bad(`resource '${key}' is '${keyOf(body)}'`);
  return { key, body };
}

function decode(bytes: Uint8Array): Resource {
  try {
    return fromBinary(ResourceSchema, bytes);
  } catch (error) {
    throw bad('a resource cannot be decoded', error);
  }
}

function keyOf(body: ResourceBody): string {
  switch (body.case) {
    case 'pod':
      return `pod/${body.value.uid}`;
    case 'policy':
      return `policy/${body.value.name}`;
    case 'node':
      return `node/${body.value.name}`;
    case 'address':
      return `address/${ipFromBytes(body.value.address)}`;
    case 'block':
      return `block/${ipFromBytes(body.value.address)}/${body.value.base}`;
  }
}

function faultIn(body: ResourceBody): string | null {
  switch (body.case) {
    case 'pod':
      return podFault(body.value);
    case 'policy':
      return policyFault(body.value);
    case 'block':
      return blockFault(body.value);
    case 'address':
      if (body.value.address.length !== ADDRESS_BYTES) return 'the address has not 16 bytes';
      return isBlockSize(body.value.blockSize) ? null : 'the block size is none';
    case 'node':
      if (body.value.underlayIp.length !== ADDRESS_BYTES) return 'the underlay IP has not 16 bytes';
      if (![0, KEY_BYTES].includes(body.value.heartbeatKey.length)) return 'the key is none';
      return body.value.mac.length === MAC_BYTES ? null : 'the MAC address has not 6 bytes';
  }
}

function podFault(pod: Pod): string | null {
  if (pod.uid === '') return 'it has no uid';
  if (pod.slots.length > 0 && !pod.selected) return 'slots, but it is not selected';
  return pod.slots.map(slotFault).find((fault) => fault !== null) ?? null;
}

function slotFault(slot: Slot): string | null {
  if (slot.policy === '') return 'a slot names no policy';
  return slot.natAddress.length === 0
    ? null
    : placeFault(slot.natAddress, slot.base, slot.blockSize);
}

function blockFault(block: Block): string | null {
  if (block.node === '') return 'it names no node';
  return placeFault(block.address, block.base, block.blockSize);
}

function placeFault(address: Uint8Array, base: number, blockSize: number): string | null {
  if (address.length !== ADDRESS_BYTES) return 'the NAT address has not 16 bytes';
  if (!isBlockSize(blockSize)) return 'the block size is none';
  const fits = base % blockSize === 0 && base + blockSize - 1 <= PORT_MAX;
  return fits ? null : 'the base port is none of a block';
}

function policyFault(policy: Policy): string | null {
  for (const { address, prefixLength, ports } of policy.entries) {
    if (address.length !== ADDRESS_BYTES) return 'a destination has not 16 bytes';
    if (destinationOf(address, prefixLength) === null) return 'a destination is no CIDR';
    if (ports.length > PORT_RULES_MAX) return `more than ${PORT_RULES_MAX} port rules`;
    for (const { from, to } of ports) {
      if (from > to || to > PORT_MAX) return 'a port rule is none';
    }
  }
  return null;
}

/** Null where the two are no CIDR. */
export function destinationOf(address: Uint8Array, prefixLength: number): Cidr | null {
  const ip = ipFromBytes(address);
  const length = isV4(ip) ? prefixLength - V4_PREFIX_OFFSET : prefixLength;
  try {
    return parseCidr(`${ip}/${length}`);
  } catch {
    return null;
  }
}

function bad(reason: string, cause?: unknown): Error {
  return berthError('BERTH_LINK_BAD_MESSAGE', { reason }, cause);
}
