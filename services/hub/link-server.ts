/**
 * The gRPC side of the agent link: streams in, messages checked, and handed on in order. Keepalive
 * on both ends, so that a half-dead link is noticed in seconds. Believes the node's name as the
 * agent says it; credentials are given from outside.
 */
import {
  type handleBidiStreamingCall,
  Server,
  type ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import { berthError, describeError, hasCode } from '../contract/errors.ts';
import type { ConnectRequest, ConnectResponse } from '../contract/gen/berth/link/v1/link_pb.ts';
import { linkService } from '../contract/link-service.ts';
import { versionFromWire } from '../contract/link-version.ts';
import type { Version } from '../contract/version.ts';
import { gatewaysAtMessage, type Hello, pushMessage, readHello } from './link-messages.ts';
import type { AgentLink } from './node-links.ts';
import type { Held } from './session.ts';

export interface LinkServerInit {
  /** `host:port`; port 0: any free one. */
  readonly listen: string;
  readonly credentials: ServerCredentials;
  /** A dead link is noticed after this and `keepaliveTimeoutMs`. @default 1000 */
  readonly keepaliveMs?: number;
  /** @default 1000 */
  readonly keepaliveTimeoutMs?: number;
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
  stop(): void;
}

const KEEPALIVE_MS = 1000;
/** A node's whole set fits into one message. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
const SESSION_MEMORY_MB = 256;

type Stream = ServerDuplexStream<ConnectRequest, ConnectResponse>;
type Said = Exclude<ConnectRequest['message'], { case: undefined }>;

/** @throws BERTH_LINK_LISTEN */
export async function startLinkServer(
  init: LinkServerInit,
  handlers: LinkHandlers,
): Promise<LinkServer> {
  const server = new Server({
    'grpc.keepalive_time_ms': init.keepaliveMs ?? KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': init.keepaliveTimeoutMs ?? KEEPALIVE_MS,
    'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
    'grpc-node.max_session_memory': SESSION_MEMORY_MB,
  });
  const connect: handleBidiStreamingCall<ConnectRequest, ConnectResponse> = (stream) => {
    serveStream(stream, handlers);
  };
  server.addService(linkService, { connect });
  const port = await bind(server, init);
  return { port, stop: () => server.forceShutdown() };
}

function serveStream(stream: Stream, handlers: LinkHandlers): void {
  const link = linkOn(stream);
  let greeted = false;
  let closed = false;

  function close(): void {
    if (greeted && !closed) handlers.closed(link);
    closed = true;
  }

  stream.on('data', ({ message }: ConnectRequest) => {
    if (closed) return;
    try {
      // A newer agent's message that needs no answer (see link.proto, "Version skew").
      if (message.case === undefined) return;
      if ((message.case === 'hello') === greeted) throw outOfPlace(message.case);
      greeted = true;
      handle(link, message, handlers);
    } catch (error) {
      // Anything else is a fault of ours, and the process must not go on with it.
      if (!hasCode(error, 'BERTH_LINK_BAD_MESSAGE')) throw error;
      handlers.refused(error);
      close();
      endWith(stream, status.INVALID_ARGUMENT, describeError(error));
    }
  });
  stream.on('error', close);
  stream.on('cancelled', close);
  stream.on('close', close);
  stream.on('end', () => {
    close();
    stream.end();
  });
}

function handle(link: AgentLink, message: Said, handlers: LinkHandlers): void {
  switch (message.case) {
    case 'hello':
      handlers.hello(link, readHello(message.value));
      return;
    case 'ack': {
      const { nonce, version, checksum, readBackAtMs, mappedPodUids: mapped } = message.value;
      const held = { version: versionFromWire(version), checksum };
      handlers.ack(link, { nonce, held, readBackAtMs, mapped });
      return;
    }
    case 'nack': {
      const { nonce, code, message: text } = message.value;
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
    push: (push) => send(pushMessage(push)),
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

function bind(server: Server, { listen, credentials }: LinkServerInit): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, credentials, (error, port) => {
      if (error === null) resolve(port);
      else {
        const reason = error.message;
        reject(berthError('BERTH_LINK_LISTEN', { address: listen, reason }, error));
      }
    });
  });
}
