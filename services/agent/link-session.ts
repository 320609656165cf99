/**
 * One stream of the link, from the hub's challenge to its end: what is said on it and in which
 * order (see link.proto). Pushes are handed over one at a time; the next message is read when the
 * answer to the last one was sent.
 */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import {
  type ConnectRequest,
  ConnectRequestSchema,
  type ConnectResponse,
  type Push,
} from '../contract/gen/berth/link/v1/link_pb.ts';
import { ipToBytes } from '../contract/ip-address.ts';
import { versionToWire } from '../contract/link-version.ts';
import type { Version } from '../contract/version.ts';
import type { GatewayQuestions } from './gateway-questions.ts';
import type { LinkedNode, NodeIdentity } from './linked-node.ts';
import type { MappedReport, MappedReports } from './mapped-reports.ts';

export type LinkStream = ClientDuplexStream<ConnectRequest, ConnectResponse>;

export interface LinkSessionComponents {
  readonly node: LinkedNode;
  readonly reports: MappedReports;
  readonly questions: GatewayQuestions;
}

export interface OpenedStream {
  readonly stream: LinkStream;
  /** What is said on it, read so far up to the challenge. */
  readonly incoming: Incoming;
  readonly challenge: string;
}

type Incoming = AsyncIterator<ConnectResponse>;

export interface LinkSession {
  /** When the hub ended the stream; an error when something else did. */
  readonly ended: Promise<void>;
  gatewaysAt(version: Version, timeoutMs: number): Promise<boolean>;
  mapped(report: MappedReport): void;
}

const NO_KEY = new Uint8Array();

type Outgoing = NonNullable<MessageInitShape<typeof ConnectRequestSchema>['message']>;

/** Once the hub has spoken: the answer is its challenge; null where it ended the stream instead. */
export async function nextChallenge(incoming: Incoming): Promise<string | null> {
  for (;;) {
    const { done, value } = await incoming.next();
    if (done === true) return null;
    if (value.message.case === 'challenge') return value.message.value.nonce;
  }
}

export function openLinkSession(
  { stream, incoming, challenge }: OpenedStream,
  self: NodeIdentity,
  { node, reports, questions }: LinkSessionComponents,
): LinkSession {
  function send(message: Outgoing): void {
    if (stream.writable) stream.write(create(ConnectRequestSchema, { message }));
  }

  function sendMapped({ uids, readBackAtMs }: MappedReport): void {
    send({ case: 'mapped', value: { podUids: [...uids], readBackAtMs } });
  }

  async function handlePush(push: Push): Promise<void> {
    const { nonce } = push;
    const answer = await node.push(push);
    if (answer.kind === 'nack') {
      const { code, message } = answer;
      send({ case: 'nack', value: { nonce, code, message } });
      return;
    }
    const { checksum, readBackAtMs, mapped } = answer;
    reports.add(mapped, readBackAtMs);
    const version = versionToWire(answer.version);
    const value = { nonce, version, checksum, readBackAtMs, mappedPodUids: [...mapped] };
    send({ case: 'ack', value });
  }

  async function read(): Promise<void> {
    for (let next = await incoming.next(); next.done !== true; next = await incoming.next()) {
      const { message } = next.value;
      // Anything else is a newer hub's, and needs no answer (link.proto, "Version skew").
      if (message.case === 'push') await handlePush(message.value);
      if (message.case === 'gatewaysAt') {
        questions.answered(message.value.id, message.value.inForce);
      }
    }
  }

  send({ case: 'hello', value: { ...helloOf(self, node.held()), challenge } });
  for (const report of reports.linkUp()) sendMapped(report);
  return {
    ended: read(),
    gatewaysAt(version, timeoutMs) {
      const { id, answer } = questions.ask(timeoutMs);
      send({ case: 'awaitGateways', value: { id, version: versionToWire(version) } });
      return answer;
    },
    mapped: sendMapped,
  };
}

function helloOf(
  { node, bootId, underlayIp, mac, heartbeatKey = NO_KEY }: NodeIdentity,
  held: ReturnType<LinkedNode['held']>,
): Extract<Outgoing, { case: 'hello' }>['value'] {
  const version = versionToWire(held.version);
  const { checksum } = held;
  const addresses = { underlayIp: ipToBytes(underlayIp), mac };
  return { node, bootId, version, checksum, ...addresses, heartbeatKey };
}
