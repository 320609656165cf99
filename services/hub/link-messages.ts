/**
 * The link's messages, from the wire and to it. What an agent says is checked here, once; what
 * does not fit is refused with BERTH_LINK_BAD_MESSAGE and ends the link.
 */
import { create } from '@bufbuild/protobuf';
import { berthError } from '../contract/errors.ts';
import {
  type ConnectRequest,
  type ConnectResponse,
  ConnectResponseSchema,
  Push_Kind,
} from '../contract/gen/berth/link/v1/link_pb.ts';
import type { NodeName } from '../contract/identity.ts';
import { ADDRESS_BYTES, type IpAddress, ipFromBytes } from '../contract/ip-address.ts';
import { versionFromWire, versionToWire } from '../contract/link-version.ts';
import type { Held, Push } from './session.ts';

const MAC_BYTES = 6;
const KEY_BYTES = 32;

type Requests = ConnectRequest['message'];
type HelloMessage = Extract<Requests, { case: 'hello' }>['value'];

export interface Hello {
  readonly node: NodeName;
  readonly bootId: string;
  readonly held: Held;
  readonly underlayIp: IpAddress;
  /** `02:00:00:00:00:01` */
  readonly mac: string;
  /** Base64; null: it is no gateway. */
  readonly heartbeatKey: string | null;
}

/** @throws BERTH_LINK_BAD_MESSAGE */
export function readHello(hello: HelloMessage): Hello {
  const { node, bootId, checksum, underlayIp, mac, heartbeatKey } = hello;
  if (node === '') throw bad('a hello names no node');
  if (bootId === '') throw bad(`the hello of ${node} names no boot`);
  if (underlayIp.length !== ADDRESS_BYTES) throw bad(`the underlay IP of ${node} has not 16 bytes`);
  if (mac.length !== MAC_BYTES) throw bad(`the MAC address of ${node} has not 6 bytes`);
  if (![0, KEY_BYTES].includes(heartbeatKey.length)) {
    throw bad(`the heartbeat key of ${node} has not ${KEY_BYTES} bytes`);
  }
  return {
    node,
    bootId,
    held: { version: versionFromWire(hello.version), checksum },
    underlayIp: ipFromBytes(underlayIp),
    mac: Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':'),
    heartbeatKey: heartbeatKey.length === 0 ? null : Buffer.from(heartbeatKey).toString('base64'),
  };
}

export function pushMessage(push: Push): ConnectResponse {
  const { nonce, kind, version, checksum, movedFrom } = push;
  const value = {
    nonce,
    kind: kind === 'snapshot' ? Push_Kind.SNAPSHOT : Push_Kind.DELTA,
    version: versionToWire(version),
    resources: [...push.resources],
    removed: [...push.removed],
    checksum,
    ...(movedFrom === null ? {} : { movedFrom: versionToWire(movedFrom) }),
  };
  return create(ConnectResponseSchema, { message: { case: 'push', value } });
}

export function challengeMessage(nonce: string): ConnectResponse {
  return create(ConnectResponseSchema, { message: { case: 'challenge', value: { nonce } } });
}

export function gatewaysAtMessage(id: bigint, inForce: boolean): ConnectResponse {
  return create(ConnectResponseSchema, { message: { case: 'gatewaysAt', value: { id, inForce } } });
}

function bad(reason: string): Error {
  return berthError('BERTH_LINK_BAD_MESSAGE', { reason });
}
