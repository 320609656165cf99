/**
 * What a gateway says of itself, to one other gateway, as a datagram: a version, an HMAC by the key
 * of the two, and the message (heartbeat.proto). What was not sealed by that key, or names other
 * ends, is no heartbeat: it changes nothing, and nobody is told.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { sha256 } from '../../contract/canonical.ts';
import { HeartbeatSchema } from '../../contract/gen/berth/gateway/v1/heartbeat_pb.ts';
import type { NodeName } from '../../contract/identity.ts';
import type { IpAddress } from '../../contract/ip-address.ts';

/** Of an address, so that a heartbeat that names many fits a datagram. */
export type AddressMark = number;

export interface Heartbeat {
  readonly from: NodeName;
  readonly bootId: string;
  /** Starts of the sender's agent, and heartbeats since; both only grow. */
  readonly epoch: bigint;
  readonly sequence: bigint;
  readonly inSync: boolean;
  readonly settled: boolean;
  readonly leaving: boolean;
  /** It lives for so long without another word. */
  readonly quietMs: number;
  /** What it answers for, as its kernel has it. */
  readonly owned: ReadonlySet<AddressMark>;
}

const FORMAT = 1;
const TAG_AT = 1;
const BODY_AT = TAG_AT + 32;
const MARK_DIGITS = 8;
const MARKS_KNOWN_MAX = 4096;

const marks = new Map<IpAddress, AddressMark>();

export function markOf(address: IpAddress): AddressMark {
  const known = marks.get(address);
  if (known !== undefined) return known;
  if (marks.size >= MARKS_KNOWN_MAX) marks.clear();
  const mark = Number.parseInt(sha256(address).slice(0, MARK_DIGITS), 16);
  marks.set(address, mark);
  return mark;
}

export function sealHeartbeat(heartbeat: Heartbeat, to: NodeName, key: KeyObject): Uint8Array {
  const { owned, ...said } = heartbeat;
  const message = create(HeartbeatSchema, { ...said, to, owned: [...owned] });
  const body = toBinary(HeartbeatSchema, message);
  return Buffer.concat([Uint8Array.of(FORMAT), tagOf(body, key), body]);
}

/** `keyOf` answers null for who is no gateway here. Null: no heartbeat for us. */
export function openHeartbeat(
  datagram: Uint8Array,
  self: NodeName,
  keyOf: (from: NodeName) => KeyObject | null,
): Heartbeat | null {
  if (datagram[0] !== FORMAT || datagram.length < BODY_AT) return null;
  const body = datagram.subarray(BODY_AT);
  const message = decoded(body);
  if (message === null || message.to !== self) return null;
  const key = keyOf(message.from);
  if (key === null) return null;
  if (!timingSafeEqual(tagOf(body, key), datagram.subarray(TAG_AT, BODY_AT))) return null;
  const { from, bootId, epoch, sequence, inSync, settled, leaving, quietMs } = message;
  const owned = new Set(message.owned);
  return { from, bootId, epoch, sequence, inSync, settled, leaving, quietMs, owned };
}

function tagOf(body: Uint8Array, key: KeyObject): Uint8Array {
  return createHmac('sha256', key).update(body).digest();
}

function decoded(body: Uint8Array) {
  try {
    return fromBinary(HeartbeatSchema, body);
  } catch {
    return null;
  }
}
