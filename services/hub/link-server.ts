/**
 * The gRPC side of the agent link: streams in, messages checked, and handed on in order. Keepalive
 * on both ends, so that a half-dead link is noticed in seconds. The node's name is the one in the
 * client certificate (link-door.ts); a hello with another name, or without the stream's challenge,
 * is refused, and a link ends with its certificate.
 */
import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import { berthError, describeError, hasCode } from '../contract/errors.ts';
import type { ConnectRequest, ConnectResponse } from '../contract/gen/berth/link/v1/link_pb.ts';
import { certificateRefusal } from '../contract/link-names.ts';
import { linkService } from '../contract/link-service.ts';
import { versionFromWire } from '../contract/link-version.ts';
import type { Version } from '../contract/version.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { TlsFiles } from '../runtime/tls-files.ts';
import { type Caller, type LinkDoor, openLinkDoor } from './link-door.ts';
import {
  challengeMessage,
  gatewaysAtMessage,
  type Hello,
  pushMessage,
  readHello,
} from './link-messages.ts';
import type { AgentLink } from './node-links.ts';
import type { Held } from './session.ts';

export interface LinkServerInit {
  /** `host:port`; port 0: any free one. */
  readonly listen: string;
  readonly files: TlsFiles;
  /** A dead link is noticed after this and `keepaliveTimeoutMs`. @default 1000 */
  readonly keepaliveMs?: number;
  /** @default 1000 */
  readonly keepaliveTimeoutMs?: number;
  /** A stream without a hello is ended then. @default 10000 */
  readonly helloWithinMs?: number;
}

export interface LinkServerComponents {
  readonly clock: Clock;
  readonly random: Random;
}

/** What agents say, each in the order of its stream; `hello` comes first and once. */
export interface LinkHandlers {
  hello(link: AgentLink, hello: Hello): void;
  ack(link: AgentLink, ack: AgentAck): void;
  nack(link: AgentLink, nonce: bigint, code: string, message: string): void;
  mapped(link: AgentLink, pods: readonly string[], readBackAtMs: number): void;
  awaitGateways(link: AgentLink, id: bigint, version: Version): void;
  /** Once for each link that said hello. */
  closed(link: AgentLink): void;
  /** A stream was ended because of what came in on it. */
  refused(error: unknown): void;
}

export interface AgentAck {
  readonly nonce: bigint;
  readonly held: Held;
  readonly readBackAtMs: number;
  readonly mapped: readonly string[];
}

export interface LinkServer {
  readonly port: number;
  /** For links from now on. @throws when the files cannot be used */
  renew(files: TlsFiles): void;
  stop(): void;
}

const KEEPALIVE_MS = 1000;
/** A node's whole set fits into one message. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
const SESSION_MEMORY_MB = 256;
/** Of one connection: an agent opens one. */
const STREAMS_MAX = 4;
/** Whoever opens a stream says hello at once. */
const HELLO_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 24 * 60 * 60_000;
/** What an agent may get wrong on a stream. */
const REFUSALS = [
  'BERTH_LINK_BAD_MESSAGE',
  'BERTH_LINK_CERTIFICATE_NAME',
  'BERTH_LINK_HELLO_REPLAYED',
] as const;

type Stream = ServerDuplexStream<ConnectRequest, ConnectResponse>;
type Said = Exclude<ConnectRequest['message'], { case: undefined }>;

/** @throws BERTH_LINK_LISTEN */
export async function startLinkServer(
  init: LinkServerInit,
  components: LinkServerComponents,
  handlers: LinkHandlers,
): Promise<LinkServer> {
  const server = new Server({
    'grpc.keepalive_time_ms': init.keepaliveMs ?? KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': init.keepaliveTimeoutMs ?? KEEPALIVE_MS,
    'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
    'grpc-node.max_session_memory': SESSION_MEMORY_MB,
    'grpc.max_concurrent_streams': STREAMS_MAX,
  });
  // TLS is done at the door.
  const inside = server.createConnectionInjector(ServerCredentials.createInsecure());
  const door: LinkDoor = await openLinkDoor(init, components, {
    connection: (socket) => inside.injectConnection(socket),
    refused: handlers.refused,
  });
  const { helloWithinMs = HELLO_WITHIN_MS } = init;
  const connect: handleBidiStreamingCall<ConnectRequest, ConnectResponse> = (stream) => {
    const peer = stream.getPeer();
    door.entered(peer);
    const caller = door.callerOf(peer);
    if (caller === undefined || 'refusal' in caller) {
      const refusal = caller?.refusal ?? berthError('BERTH_LINK_NO_CERTIFICATE', { peer });
      handlers.refused(refusal);
      endWith(stream, status.UNAUTHENTICATED, describeError(refusal));
    } else {
      serveStream(stream, caller, { ...components, helloWithinMs }, handlers);
    }
  };
  server.addService(linkService, { connect });
  return {
    port: door.port,
    renew: door.renew,
    stop: () => {
      door.stop();
      server.forceShutdown();
    },
  };
}

function serveStream(
  stream: Stream,
  caller: Extract<Caller, { node: string }>,
  { clock, random, helloWithinMs }: LinkServerComponents & { readonly helloWithinMs: number },
  handlers: LinkHandlers,
): void {
  const link = linkOn(stream);
  const challenge = random.id();
  let greeted = false;
  let closed = false;
  const cancelExpiry = whenItIs(caller.untilMs, clock, () => {
    refuse(certificateRefusal(caller.node, 'CERT_HAS_EXPIRED'));
  });

  const cancelHello = clock.after(helloWithinMs, () => {
    if (!greeted)
      refuse(berthError('BERTH_LINK_BAD_MESSAGE', { reason: `${caller.node} says no hello` }));
  });

  function close(): void {
    cancelHello();
    cancelExpiry();
    if (greeted && !closed) handlers.closed(link);
    closed = true;
  }

  function refuse(error: unknown): void {
    handlers.refused(error);
    close();
    const isMessage = hasCode(error, 'BERTH_LINK_BAD_MESSAGE');
    const code = isMessage ? status.INVALID_ARGUMENT : status.UNAUTHENTICATED;
    endWith(stream, code, describeError(error));
  }

  function take(message: Said): void {
    if ((message.case === 'hello') === greeted) throw outOfPlace(message.case);
    if (message.case === 'hello') {
      checkHello(message.value, caller, challenge);
      const hello = readHello(message.value);
      greeted = true;
      handlers.hello(link, hello);
    } else {
      handle(link, message, handlers);
    }
  }

  stream.on('data', ({ message }: ConnectRequest) => {
    // A newer agent's message that needs no answer (see link.proto, "Version skew").
    if (closed || message.case === undefined) return;
    try {
      take(message);
    } catch (error) {
      // Anything else is a fault of ours, and the process must not go on with it.
      if (!REFUSALS.some((code) => hasCode(error, code))) throw error;
      refuse(error);
    }
  });
  stream.on('error', close);
  stream.on('cancelled', close);
  stream.on('close', close);
  stream.on('end', () => {
    close();
    stream.end();
  });
  stream.write(challengeMessage(challenge));
}

/** @throws BERTH_LINK_CERTIFICATE_NAME, BERTH_LINK_HELLO_REPLAYED */
function checkHello(
  hello: Extract<Said, { case: 'hello' }>['value'],
  { node }: { readonly node: string },
  challenge: string,
): void {
  if (hello.node !== node) {
    const reason = `its hello says ${hello.node}`;
    throw berthError('BERTH_LINK_CERTIFICATE_NAME', { peer: node, reason });
  }
  if (hello.challenge !== challenge) throw berthError('BERTH_LINK_HELLO_REPLAYED', { node });
}

/** Timers count to 24 days only, and certificates last longer. */
function whenItIs(atMs: number, clock: Clock, call: () => void): () => void {
  let cancel = (): void => undefined;
  function look(): void {
    const leftMs = atMs - clock.nowMs();
    if (leftMs <= 0) call();
    else cancel = clock.after(Math.min(leftMs, LOOK_EVERY_MS), look);
  }
  look();
  return () => cancel();
}

function handle(
  link: AgentLink,
  message: Exclude<Said, { case: 'hello' }>,
  handlers: LinkHandlers,
): void {
  switch (message.case) {
    case 'ack': {
      const { nonce, version, checksum, readBackAtMs, mappedPodUids: mapped } = message.value;
      const held = { version: versionFromWire(version), checksum };
      handlers.ack(link, { nonce, held, readBackAtMs, mapped });
      return;
    }
    case 'nack': {
      const { nonce, code, message: text } = message.value;
      tell('berth:hub:push-refused', { code });
      handlers.nack(link, nonce, code, text);
      return;
    }
    case 'mapped':
      handlers.mapped(link, message.value.podUids, message.value.readBackAtMs);
      return;
    case 'awaitGateways':
      handlers.awaitGateways(link, message.value.id, versionFromWire(message.value.version));
  }
}

function linkOn(stream: Stream): AgentLink {
  function send(message: ConnectResponse): void {
    if (stream.writable) stream.write(message);
  }
  return {
    push: (push) => {
      send(pushMessage(push));
      const { kind, resources, removed } = push;
      const bytes = resources.reduce((sum, { length }) => sum + length, 0);
      tell('berth:hub:push-sent', { kind, records: resources.length + removed.length, bytes });
    },
    gatewaysAt: (id, inForce) => send(gatewaysAtMessage(id, inForce)),
    close: (reason) => endWith(stream, status.ABORTED, reason),
  };
}

function endWith(stream: Stream, code: status, details: string): void {
  if (stream.writable) stream.emit('error', { code, details });
}

function outOfPlace(kind: string): Error {
  const reason = kind === 'hello' ? 'a second hello on one stream' : `${kind} before hello`;
  return berthError('BERTH_LINK_BAD_MESSAGE', { reason });
}
