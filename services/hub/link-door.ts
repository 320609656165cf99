/**
 * The TLS end of the agent link. Every connection is let through to gRPC with what its certificate
 * says: a node's name, or why it is refused, so that the refusal reaches the agent as a status with
 * a code and not as a connection that breaks off. Nothing is served to a caller without a name (see
 * link-server.ts), and its connection ends soon. What never gets to TLS is told here.
 *
 * No session is resumed: each connection's certificate is looked at anew.
 */
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { type BerthError, berthError, describeError } from '../contract/errors.ts';
import type { NodeName } from '../contract/identity.ts';
import { certificateRefusal, nodeOfCertificate } from '../contract/link-names.ts';
import type { Clock } from '../runtime/clock.ts';
import type { TlsFiles } from '../runtime/tls-files.ts';

export type Caller =
  | { readonly node: NodeName; readonly untilMs: number }
  | { readonly refusal: BerthError };

export interface LinkDoorInit {
  /** `host:port`; port 0: any free one. */
  readonly listen: string;
  readonly files: TlsFiles;
}

export interface LinkDoorHandlers {
  connection(socket: TLSSocket): void;
  /** It never came to a stream. */
  refused(error: BerthError): void;
}

export interface LinkDoor {
  readonly port: number;
  /** `peer`: address and port, as gRPC names it. */
  callerOf(peer: string): Caller | undefined;
  /** It opened a stream. */
  entered(peer: string): void;
  /** For connections from now on. @throws when the files cannot be used */
  renew(files: TlsFiles): void;
  stop(): void;
}

const HANDSHAKE_MS = 5_000;
/** A caller without a name is told so when it opens a stream, and has so long to do it. */
const NAMELESS_MS = 2_000;
/** All agents of a large cluster may come at once. */
const BACKLOG = 4096;
const IPV6_HOST = /^\[(.*)\]$/;

/** @throws BERTH_LINK_LISTEN */
export async function openLinkDoor(
  { listen, files }: LinkDoorInit,
  { clock }: { readonly clock: Clock },
  handlers: LinkDoorHandlers,
): Promise<LinkDoor> {
  const callers = new Map<string, { readonly caller: Caller; entered: boolean }>();
  /** Peers that are not through TLS yet. */
  const greeting = new Set<string>();
  let stopped = false;
  const server = createServer({
    ...contextOf(files),
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    handshakeTimeout: HANDSHAKE_MS,
  });

  server.on('connection', (raw: Socket) => {
    const peer = peerOf(raw);
    raw.once('close', () => {
      // Whoever said nothing looked whether the port is open.
      const left = greeting.delete(peer) && raw.bytesRead > 0 && !stopped;
      if (left) handlers.refused(berthError('BERTH_LINK_LEFT', { peer }));
    });
    greeting.add(peer);
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    if (stopped) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    greeting.delete(peer);
    const caller = callerAt(socket);
    const known = { caller, entered: false };
    callers.set(peer, known);
    const cancel =
      'refusal' in caller ? clock.after(NAMELESS_MS, () => socket.destroy()) : () => undefined;
    socket.once('close', () => {
      cancel();
      if (callers.get(peer) === known) callers.delete(peer);
      if (known.entered || stopped) return;
      const who = 'node' in caller ? `${caller.node} at ${peer}` : peer;
      handlers.refused(
        'refusal' in caller ? caller.refusal : berthError('BERTH_LINK_LEFT', { peer: who }),
      );
    });
    handlers.connection(socket);
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // It left: told where its connection closes.
    if (error.code === 'ECONNRESET') return;
    const peer = peerOf(socket);
    greeting.delete(peer);
    handlers.refused(certificateRefusal(peer, error.code ?? describeError(error)));
  });

  return {
    port: await bind(server, listen),
    callerOf: (peer) => callers.get(peer)?.caller,
    entered: (peer) => {
      const known = callers.get(peer);
      if (known !== undefined) known.entered = true;
    },
    renew: (renewed) => server.setSecureContext(contextOf(renewed)),
    stop: () => {
      stopped = true;
      server.close();
    },
  };
}

function contextOf({ ca, certificate, key }: TlsFiles) {
  return {
    ca,
    cert: certificate,
    key,
    minVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
  } as const;
}

function callerAt(socket: TLSSocket): Caller {
  const peer = peerOf(socket);
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return { refusal: berthError('BERTH_LINK_NO_CERTIFICATE', { peer }) };
  }
  const names = certificate.subjectAltName;
  const node = nodeOfCertificate(names);
  const who = node === null ? peer : `${node} at ${peer}`;
  if (!socket.authorized) {
    return { refusal: certificateRefusal(who, String(socket.authorizationError)) };
  }
  if (node === null) {
    const reason = `${names ?? 'no name'} is not the URI of one node`;
    return { refusal: berthError('BERTH_LINK_CERTIFICATE_NAME', { peer, reason }) };
  }
  return { node, untilMs: certificate.validToDate.getTime() };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}

function bind(server: Server, listen: string): Promise<number> {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(IPV6_HOST, '$1');
  return new Promise((resolve, reject) => {
    // Later ones end nothing that is open, and the next connection is the next try.
    server.on('error', (error) => {
      const reason = error.message;
      reject(berthError('BERTH_LINK_LISTEN', { address: listen, reason }, error));
    });
    server.listen({ host, port: Number(listen.slice(at + 1)), backlog: BACKLOG }, () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
}
