/**
 * A hub as small as can be, on a real gRPC server on the loopback, for the tests of this folder:
 * it shows what agents say in order, and sends what the test says. It decides nothing.
 */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import {
  type ConnectRequest,
  type ConnectResponse,
  ConnectResponseSchema,
  type Push,
} from '../contract/gen/berth/link/v1/link_pb.ts';
import { linkService } from '../contract/link-service.ts';
import type { TlsFiles } from '../runtime/tls-files.ts';

type Said = Exclude<ConnectRequest['message'], { case: undefined }>;
type Outgoing = NonNullable<MessageInitShape<typeof ConnectResponseSchema>['message']>;
type Stream = ServerDuplexStream<ConnectRequest, ConnectResponse>;

export interface FakeHub {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** The next thing of this kind that an agent says; what else it said waits to be heard. */
  hear<C extends Said['case']>(kind: C): Promise<Extract<Said, { case: C }>['value']>;
  push(push: Push): void;
  say(message: Outgoing): void;
  /** What it is asked about gateways, it answers with this by itself; null: it does not. */
  gateways: boolean | null;
  /** What was said and not heard yet. */
  forget(): void;
  /** What new streams are opened with. */
  challenge: string | null;
  /** Ends the link without a word, as a hub that is killed does. */
  hangUp(): void;
  stop(): Promise<void>;
}

/** `files`: the hub's; null: it speaks no TLS. */
export async function startFakeHub(files: TlsFiles | null, at = '127.0.0.1:0'): Promise<FakeHub> {
  const heard: Said[] = [];
  const waiting: (() => void)[] = [];
  const streams = new Set<Stream>();
  const connect: handleBidiStreamingCall<ConnectRequest, ConnectResponse> = (stream) => {
    streams.add(stream);
    const { challenge: nonce } = hub;
    if (nonce !== null) say({ case: 'challenge', value: { nonce } }, [stream]);
    stream.on('data', ({ message }: ConnectRequest) => {
      if (message.case === 'awaitGateways' && hub.gateways !== null) {
        const { id } = message.value;
        say({ case: 'gatewaysAt', value: { id, inForce: hub.gateways } });
      } else if (message.case !== undefined) {
        heard.push(message);
      }
      for (const wake of waiting.splice(0)) wake();
    });
    stream.on('error', () => undefined);
    stream.on('end', () => stream.end());
    stream.on('close', () => streams.delete(stream));
  };
  const server = new Server();
  server.addService(linkService, { connect });
  const port = await bind(server, at, files);

  function say(message: Outgoing, to: Iterable<Stream> = streams): void {
    for (const stream of to) stream.write(create(ConnectResponseSchema, { message }));
  }

  const hub: FakeHub = {
    gateways: null,
    challenge: 'of this stream',
    forget: () => heard.splice(0),
    address: `127.0.0.1:${port}`,
    async hear(kind) {
      for (;;) {
        const at = heard.findIndex((said) => said.case === kind);
        if (at >= 0) return heard.splice(at, 1)[0]?.value as never;
        await new Promise<void>((wake) => waiting.push(wake));
      }
    },
    push: (push) => say({ case: 'push', value: push }),
    say: (message) => say(message),
    hangUp: () => {
      for (const stream of streams) stream.end();
      streams.clear();
    },
    async stop() {
      server.forceShutdown();
    },
  };
  return hub;
}

function bind(server: Server, address: string, files: TlsFiles | null): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentialsOf(files), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function credentialsOf(files: TlsFiles | null): ServerCredentials {
  if (files === null) return ServerCredentials.createInsecure();
  const { ca, certificate, key } = files;
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  return ServerCredentials.createSsl(Buffer.from(ca), [pair], true);
}
