/**
 * An agent as small as can be, on a real gRPC client, for tests of the hub: it keeps what it was
 * pushed in memory, as strict about version and checksum as a real one, and acks when told to.
 */
import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
} from '@grpc/grpc-js';
import {
  type ConnectRequest,
  ConnectRequestSchema,
  type ConnectResponse,
  type Push,
  Push_Kind,
  ResourceSchema,
} from '../../services/contract/gen/berth/link/v1/link_pb.ts';
import { linkService } from '../../services/contract/link-service.ts';
import { versionFromWire } from '../../services/contract/link-version.ts';
import { EMPTY_CHECKSUM, resourceHash } from '../../services/contract/resource-checksum.ts';
import { mayFollow } from '../../services/contract/version.ts';
import type { TlsFiles } from '../../services/runtime/tls-files.ts';

type Outgoing = NonNullable<MessageInitShape<typeof ConnectRequestSchema>['message']>;
type Stream = ClientDuplexStream<ConnectRequest, ConnectResponse>;

export interface FakeAgent {
  readonly resources: ReadonlyMap<string, Uint8Array>;
  /** Kinds of the pushes that came, in order. */
  readonly pushes: readonly ('snapshot' | 'delta')[];
  readonly version: Readonly<Record<number, bigint>>;
  /** Of the log that its version is of. */
  readonly generation: bigint;
  /** Opens a stream and says hello with what it has. */
  connect(port: number): void;
  disconnect(): void;
  /** The next push, not yet answered. */
  nextPush(): Promise<Push>;
  /** Takes it and acks. */
  ack(push: Push, mapped?: readonly string[]): void;
  /** Takes and acks everything from now on, as it comes. */
  follow(): void;
  say(message: Outgoing): void;
  /** The answer to a question for the gateways. */
  gatewaysAt(id: bigint): Promise<boolean>;
  /** The gRPC status with which the stream ended. */
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
  stop(): void;
}

export interface FakeAgentInit {
  readonly node: string;
  readonly bootId?: string;
  /** Its certificate; null: it speaks no TLS. */
  readonly files: TlsFiles | null;
  /** Instead of repeating the stream's: of another stream, or null: no hello is said. */
  readonly challenge?: string | null;
}

export function fakeAgent({ node, bootId = 'boot-1', files, challenge }: FakeAgentInit): FakeAgent {
  const resources = new Map<string, Uint8Array>();
  const pushes: ('snapshot' | 'delta')[] = [];
  const waiting: Push[] = [];
  const answers = new Map<bigint, boolean>();
  let news = Promise.withResolvers<void>();
  let ended = Promise.withResolvers<{ code: number; details: string }>();
  let version: Record<number, bigint> = {};
  let generation = 0n;
  let checksum = EMPTY_CHECKSUM;
  let following = false;
  let client: Client | null = null;
  let stream: Stream | null = null;

  function say(message: Outgoing): void {
    stream?.write(create(ConnectRequestSchema, { message }));
  }

  function sayHello(challenge: string): void {
    const underlayIp = Uint8Array.from([...new Array(10).fill(0), 255, 255, 192, 0, 2, 1]);
    const mac = Uint8Array.from([2, 0, 0, 0, 0, 1]);
    const held = { version: { offsets: version, generation }, checksum };
    say({ case: 'hello', value: { node, bootId, ...held, underlayIp, mac, challenge } });
  }

  function heard({ message }: ConnectResponse): void {
    if (message.case === 'challenge' && challenge !== null) {
      sayHello(challenge ?? message.value.nonce);
    }
    if (message.case === 'gatewaysAt') answers.set(message.value.id, message.value.inForce);
    if (message.case === 'push') {
      pushes.push(message.value.kind === Push_Kind.SNAPSHOT ? 'snapshot' : 'delta');
      if (following) ack(message.value);
      else waiting.push(message.value);
    }
    news.resolve();
    news = Promise.withResolvers();
  }

  function take(push: Push): void {
    const held = versionFromWire({ offsets: version, generation });
    const movedFrom = push.movedFrom === undefined ? null : versionFromWire(push.movedFrom);
    if (!mayFollow(versionFromWire(push.version), held, movedFrom)) {
      throw new Error(`${node} was pushed an older version`);
    }
    if (push.kind === Push_Kind.SNAPSHOT) resources.clear();
    for (const bytes of push.resources) {
      resources.set(fromBinary(ResourceSchema, bytes).key, bytes);
    }
    for (const key of push.removed) resources.delete(key);
    checksum = EMPTY_CHECKSUM;
    for (const [key, bytes] of resources) checksum ^= resourceHash(key, bytes);
    if (checksum !== push.checksum) throw new Error(`${node}: the checksum differs`);
    version = push.version?.offsets ?? {};
    generation = push.version?.generation ?? 0n;
  }

  function ack(push: Push, mapped: readonly string[] = []): void {
    take(push);
    const value = { nonce: push.nonce, version: { offsets: version, generation }, checksum };
    say({ case: 'ack', value: { ...value, readBackAtMs: 1, mappedPodUids: [...mapped] } });
  }

  return {
    resources,
    pushes,
    get version() {
      return version;
    },
    get generation() {
      return generation;
    },
    get ended() {
      return ended.promise;
    },
    connect(port) {
      const { path, requestSerialize, responseDeserialize } = linkService.connect;
      client = new Client(`127.0.0.1:${port}`, credentialsOf(files), {
        'grpc.ssl_target_name_override': 'berth-hub',
        'grpc.use_local_subchannel_pool': 1,
      });
      stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
      ended = Promise.withResolvers();
      stream.on('data', heard);
      stream.on('error', () => undefined);
      stream.on('status', ended.resolve);
    },
    disconnect() {
      stream?.cancel();
      client?.close();
      waiting.splice(0);
    },
    async nextPush() {
      for (let push = waiting.shift(); ; push = waiting.shift()) {
        if (push !== undefined) return push;
        await news.promise;
      }
    },
    ack,
    follow() {
      following = true;
      for (const push of waiting.splice(0)) ack(push);
    },
    say,
    async gatewaysAt(id) {
      for (let answer = answers.get(id); ; answer = answers.get(id)) {
        if (answer !== undefined) return answer;
        await news.promise;
      }
    },
    stop() {
      stream?.cancel();
      client?.close();
    },
  };
}

function credentialsOf(files: TlsFiles | null): ChannelCredentials {
  if (files === null) return credentials.createInsecure();
  const { ca, certificate, key } = files;
  if (certificate === '') return credentials.createSsl(Buffer.from(ca));
  return credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(certificate));
}
