/**
 * The HTTP side of functions that are driven by events: `POST /` with CloudEvents, answered by a
 * status code alone, as gateways read it. 204: handled. 400, 413, 422: not an event of ours, and
 * delivering it again will not help. 503 with Retry-After: not now, or not yet. 500: the function
 * failed. Knative repeats 404, 408, 409, 429 and 5xx, so none of the first kind is among these.
 * Body, requests and the time of each are bounded.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { berthError, describeError, type ErrorCode, isBerthError } from '../../contract/errors.ts';
import type { Clock } from '../clock.ts';
import { type DeliveredEvent, eventDecoder } from './cloud-event.ts';

export interface EventsServerInit {
  /** HOST:PORT. */
  readonly listen: string;
  /** @default 1 MiB */
  readonly bodyBytesMax?: number;
  /** Requests that wait for their answer at a time. @default 256 */
  readonly waitingMax?: number;
  /** @default 30_000 */
  readonly requestTimeoutMs?: number;
}

export interface EventsServer {
  /** Where it listens, with the port that it got. */
  readonly address: string;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 1 << 20;
const WAITING_MAX = 256;
const REQUEST_TIMEOUT_MS = 30_000;
const RETRY_AFTER_SECONDS = 1;
const CONNECTIONS_MAX = 1024;
/** For the answers that are still to be given when it closes. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Others are 500: something failed while it was handled. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  BERTH_TRIGGER_BAD_EVENT: 400,
  BERTH_TRIGGER_TOO_LARGE: 413,
  BERTH_TRIGGER_NOT_OURS: 422,
  BERTH_TRIGGER_BEYOND_END: 503,
  BERTH_TRIGGER_BUSY: 503,
  BERTH_TRIGGER_STOPPING: 503,
  BERTH_TRIGGER_TIMEOUT: 503,
};

/** @throws BERTH_TRIGGER_LISTEN */
export async function serveEvents(
  init: EventsServerInit,
  deliver: (event: DeliveredEvent) => Promise<void>,
  { clock }: { readonly clock: Clock },
): Promise<EventsServer> {
  const decode = await eventDecoder();
  const bodyBytesMax = init.bodyBytesMax ?? BODY_BYTES_MAX;
  const waitingMax = init.waitingMax ?? WAITING_MAX;
  const requestTimeoutMs = init.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  let waiting = 0;

  async function handle(request: IncomingMessage): Promise<void> {
    const { method, url } = request;
    if (method !== 'POST' || url?.split('?')[0] !== '/') {
      throw berthError('BERTH_TRIGGER_BAD_EVENT', { reason: `it is a ${method} of ${url}` });
    }
    if (waiting >= waitingMax) throw berthError('BERTH_TRIGGER_BUSY', { max: waitingMax });
    waiting += 1;
    // Until the work is done, not only until its answer: what took too long waits on.
    const work = deliverAll(request).finally(() => {
      waiting -= 1;
    });
    await within(requestTimeoutMs, clock, work);
  }

  async function deliverAll(request: IncomingMessage): Promise<void> {
    const events = decode(request.headers, await bodyOf(request, bodyBytesMax));
    await Promise.all(events.map(deliver));
  }

  const answering = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    answering.add(response);
    response.once('close', () => answering.delete(response));
    void handle(request).then(
      () => response.writeHead(204).end(),
      (error: unknown) => refuse(request, response, error),
    );
  });
  // The body, too, has its time.
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = CONNECTIONS_MAX;
  await listenAt(server, init.listen);
  const { address, port } = server.address() as AddressInfo;
  return {
    address: `${address.includes(':') ? `[${address}]` : address}:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      const cancel = clock.after(CLOSE_TIMEOUT_MS, () => server.closeAllConnections());
      await Promise.all(Array.from(answering, (response) => once(response, 'close')));
      // What is open now only waits for requests that will not be taken.
      server.closeAllConnections();
      await closed;
      cancel();
    },
  };
}

/** @throws BERTH_TRIGGER_TOO_LARGE, BERTH_TRIGGER_BAD_EVENT */
async function bodyOf(request: IncomingMessage, max: number): Promise<string> {
  let bytes = 0;
  async function* bounded(): AsyncGenerator<Buffer> {
    for await (const chunk of request) {
      const part = chunk as Buffer;
      bytes += part.length;
      if (bytes > max) throw berthError('BERTH_TRIGGER_TOO_LARGE', { max });
      yield part;
    }
  }
  try {
    return await text(bounded());
  } catch (error) {
    if (isBerthError(error)) throw error;
    throw berthError('BERTH_TRIGGER_BAD_EVENT', { reason: 'its body broke off' }, error);
  }
}

/** What took too long goes on; its answer is not waited for. */
async function within(ms: number, clock: Clock, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => {
    late.reject(berthError('BERTH_TRIGGER_TIMEOUT', { waitedMs: ms }));
  });
  try {
    await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const code = isBerthError(error) ? error.code : null;
  const status = (code === null ? undefined : STATUS[code]) ?? 500;
  const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8' };
  if (status === 503) headers['retry-after'] = String(RETRY_AFTER_SECONDS);
  // The rest of a body that nobody reads would be taken for the next request.
  if (!request.complete) headers['connection'] = 'close';
  response.writeHead(status, headers).end(`${describeError(error)}\n`);
}

async function listenAt(server: Server, listen: string): Promise<void> {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  try {
    server.listen(Number(listen.slice(at + 1)), host);
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_TRIGGER_LISTEN', { address: listen, reason }, error);
  }
}
