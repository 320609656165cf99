/**
 * An agent for load: a real gRPC stream with mTLS, that acks what it is pushed at once, and keeps
 * no more than version and checksum, which it holds against the hub's.
 */
import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import {
  ConnectRequestSchema,
  type ConnectResponse,
  type Push,
  Push_Kind,
  ResourceSchema,
} from '../../../services/contract/gen/berth/link/v1/link_pb.ts';
import { HUB_NAME } from '../../../services/contract/link-names.ts';
import { linkService } from '../../../services/contract/link-service.ts';
import { EMPTY_CHECKSUM, resourceHash } from '../../../services/contract/resource-checksum.ts';
import type { TlsFiles } from '../../../services/runtime/tls-files.ts';

export interface SimulatedAgent {
  readonly resources: number;
  stop(): void;
}

export interface SimulatedAgentInit {
  readonly node: string;
  readonly port: number;
  readonly files: TlsFiles;
  /** Keys of what came or changed, once it is checked. */
  taken(keys: readonly string[]): void;
  /** Something was not as the hub said. */
  wrong(reason: string): void;
}

const AGAIN_MS = 500;

type Outgoing = NonNullable<MessageInitShape<typeof ConnectRequestSchema>['message']>;

export function simulatedAgent(init: SimulatedAgentInit): SimulatedAgent {
  const { node, port, files } = init;
  const hashes = new Map<string, bigint>();
  let checksum = EMPTY_CHECKSUM;
  const client = new Client(
    `127.0.0.1:${port}`,
    credentials.createSsl(
      Buffer.from(files.ca),
      Buffer.from(files.key),
      Buffer.from(files.certificate),
    ),
    { 'grpc.ssl_target_name_override': HUB_NAME, 'grpc.use_local_subchannel_pool': 1 },
  );
  const { path, requestSerialize, responseDeserialize } = linkService.connect;
  let isStopped = false;
  let stream = open();
  const say = (message: Outgoing): void => {
    stream.write(create(ConnectRequestSchema, { message }));
  };
  const change = (key: string, hash: bigint | null): void => {
    checksum ^= hashes.get(key) ?? EMPTY_CHECKSUM;
    if (hash === null) hashes.delete(key);
    else hashes.set(key, hash);
    checksum ^= hash ?? EMPTY_CHECKSUM;
  };

  function take(push: Push): void {
    if (push.kind === Push_Kind.SNAPSHOT) for (const key of [...hashes.keys()]) change(key, null);
    const keys = push.resources.map((bytes) => {
      const { key } = fromBinary(ResourceSchema, bytes);
      change(key, resourceHash(key, bytes));
      return key;
    });
    for (const key of push.removed) change(key, null);
    if (checksum !== push.checksum) init.wrong(`${node}: the checksum differs`);
    init.taken(keys);
    const value = { nonce: push.nonce, version: { offsets: push.version?.offsets ?? {} } };
    const readBackAtMs = performance.timeOrigin + performance.now();
    say({ case: 'ack', value: { ...value, checksum, readBackAtMs, mappedPodUids: [] } });
  }

  function heard({ message }: ConnectResponse): void {
    if (message.case === 'push') take(message.value);
    if (message.case !== 'challenge') return;
    const underlayIp = Uint8Array.from([...new Array(10).fill(0), 255, 255, 192, 0, 2, 1]);
    const mac = Uint8Array.from([2, 0, 0, 0, 0, 1]);
    const held = { version: { offsets: {} }, checksum, bootId: 'boot-1' };
    const { nonce: challenge } = message.value;
    say({ case: 'hello', value: { node, ...held, underlayIp, mac, challenge } });
  }

  /** Of many handshakes at once on a busy machine some time out: it comes again, with nothing. */
  function open() {
    const opened = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    opened.on('data', heard);
    opened.on('error', () => undefined);
    opened.on('status', () => {
      if (isStopped) return;
      setTimeout(() => {
        for (const key of [...hashes.keys()]) change(key, null);
        if (!isStopped) stream = open();
      }, AGAIN_MS);
    });
    return opened;
  }

  return {
    get resources() {
      return hashes.size;
    },
    stop() {
      isStopped = true;
      stream.cancel();
      client.close();
    },
  };
}
