/**
 * The unix socket on which the container runtime's plugin (in the lab: the lab) announces pods.
 * One line of JSON a request, one line of JSON the answer, in order on each connection. The socket
 * is the owner's alone; lines and connections are bounded. What is asked of the node, and when it
 * may be answered, is the handler's business.
 */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { berthError, describeError, type ErrorCode, isBerthError } from '../contract/errors.ts';
import type { PodUid } from '../contract/identity.ts';
import type { Version } from '../contract/version.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type CniRequest, parseCniRequest } from './cni-request.ts';
import type { GatewayStatus } from './gateway/gateway.ts';
import type { PodAttachment, SandboxOf } from './pod-attachment.ts';

/** Source ports that the pod shall be confined to, both ends inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface NodeStatus {
  /** Used entries by table, as last read back from the kernel. */
  readonly entries: Readonly<Record<string, number>>;
  readonly version: Version;
}

export interface CniHandler {
  /**
   * Null: the pod needs no port range.
   * @throws BERTH_CNI_NOT_MAPPED; the pod is known then, and held.
   */
  add(attachment: PodAttachment): Promise<PortRange | null>;
  /** Of a pod that is not known: nothing to do, no error. */
  del(uid: PodUid, of: SandboxOf): Promise<void>;
  /** For people and reports. */
  status(): Promise<NodeStatus>;
  /** Reads no tables: it may be asked often. @throws BERTH_GATEWAY_NONE */
  gateway(): Promise<GatewayStatus>;
  /** A gateway hands its addresses over. @throws BERTH_GATEWAY_LAST, BERTH_GATEWAY_NONE */
  drain(): Promise<void>;
  /** @throws BERTH_GATEWAY_NONE */
  undrain(): Promise<void>;
}

export interface CniSocketComponents {
  readonly handler: CniHandler;
  readonly clock: Clock;
  readonly log: Log;
}

export interface CniSocket {
  /** Callers that wait get no answer, and call again. */
  close(): Promise<void>;
}

const LINE_LENGTH_MAX = 16 * 1024;
const CONNECTIONS_MAX = 512;
const OWNER_ONLY = 0o600;

export async function openCniSocket(
  path: string,
  components: CniSocketComponents,
): Promise<CniSocket> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // A caller that hung up while it waited: the answer to it has nowhere to go. It calls again.
    socket.on('error', (error) => components.log.info({ error }, 'CNI caller hung up'));
    serve(socket, components).catch((error: unknown) => {
      components.log.warn({ error }, 'CNI connection ended');
      socket.destroy();
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  await mkdir(dirname(path), { recursive: true });
  // What a crashed agent left behind; a living one would hold the same state folder.
  await rm(path, { force: true });
  await listen(server, path);
  await chmod(path, OWNER_ONLY);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

async function serve(socket: Socket, components: CniSocketComponents): Promise<void> {
  let unread = '';
  socket.setEncoding('utf8');
  // Not destroyed at the end of the input: a caller may close its side and wait for the answer.
  for await (const text of socket.iterator({ destroyOnReturn: false })) {
    const lines = `${unread}${text}`.split('\n');
    unread = lines.pop() ?? '';
    if (unread.length > LINE_LENGTH_MAX) throw tooLong();
    for (const line of lines) {
      const answer = await answerTo(line, components);
      if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`);
    }
  }
  socket.end();
}

function tooLong(): Error {
  return berthError('BERTH_CNI_BAD_REQUEST', { reason: `a line above ${LINE_LENGTH_MAX}` });
}

async function answerTo(line: string, components: CniSocketComponents): Promise<unknown> {
  const { handler, log, clock } = components;
  const startedMs = clock.nowMs();
  let verb: CniRequest['verb'] | 'unknown' = 'unknown';
  const answered = (code: ErrorCode | null): void => {
    const seconds = (clock.nowMs() - startedMs) / 1000;
    tell('berth:agent:cni-answered', { verb, code, seconds });
  };
  try {
    const request = parseCniRequest(line);
    verb = request.verb;
    const answer = await carryOut(request, handler);
    answered(null);
    return { ok: true, ...answer };
  } catch (error) {
    const reason = describeError(error);
    const known = isBerthError(error) ? error : berthError('BERTH_CNI_FAILED', { reason }, error);
    log.warn({ error: known }, 'CNI request failed');
    answered(known.code);
    return { ok: false, code: known.code, message: describeError(known) };
  }
}

async function carryOut(request: CniRequest, handler: CniHandler): Promise<object> {
  switch (request.verb) {
    case 'add':
      return { portRange: await handler.add(request.attachment) };
    case 'del':
      await handler.del(request.uid, request.of);
      return {};
    case 'gateway':
      return handler.gateway();
    case 'drain':
      await handler.drain();
      return {};
    case 'undrain':
      await handler.undrain();
      return {};
    case 'status':
      return handler.status();
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
